//! The sizes of a pooled convolution.

use crate::conv::shape::ConvShape;

/// What the argmax of a pooled value is where ReLU made it zero, so that no gradient passes.
pub const CUT: u8 = u8::MAX;
/// How many pixels the largest pooling window has: each place in it has to fit into a byte beside [`CUT`].
pub const LARGEST_WINDOW: usize = 255;

/// A convolution whose output is pooled by maximum, in windows that do not overlap.
///
/// Rows and columns of the output that fill no window are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolShape {
    pub conv: ConvShape,
    /// Rows and columns of a window, at most 15.
    pub pool: usize,
    /// Whether ReLU follows.
    pub relu: bool,
}

impl PoolShape {
    /// Rows of a pooled feature map.
    pub fn height(&self) -> usize {
        self.conv.out_height / self.pool
    }

    /// Columns of a pooled feature map.
    pub fn width(&self) -> usize {
        self.conv.out_width / self.pool
    }

    /// Values of one output image `[pooled height, pooled width, filters]`.
    pub fn output_len(&self) -> usize {
        self.height() * self.width() * self.conv.filters
    }
}
