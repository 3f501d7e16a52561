//! The sizes of a pooled convolution, and what its activation asks the forward pass to keep.

use crate::conv::shape::ConvShape;
use crate::functions::activation::Activation;

/// What the argmax of a pooled value is where ReLU made it zero, so that no gradient passes.
pub const CUT: u8 = u8::MAX;
/// How many pixels the largest pooling window has: each place in it has to fit into a byte beside [`CUT`].
pub const LARGEST_WINDOW: usize = 255;

/// A convolution whose output is activated and pooled by maximum, in windows that do not overlap.
///
/// Rows and columns of the output that fill no window are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolShape {
    pub conv: ConvShape,
    /// Rows and columns of a window, at most 15.
    pub pool: usize,
    /// The function that each value goes through before the maximum is taken.
    pub activation: Activation,
}

/// From what the backward pass knows how steep the activation is at each pooled value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlopeSource {
    /// The slope is one where a gradient passes.
    Nothing,
    /// The slope follows from the pooled value itself.
    Values,
    /// The slope cannot be told from the pooled value, so the forward pass writes it down.
    Slopes,
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

    /// From what the backward pass knows the activation's slope.
    pub fn slope_source(&self) -> SlopeSource {
        match self.activation {
            Activation::None | Activation::Relu => SlopeSource::Nothing,
            Activation::Tanh | Activation::Sigmoid => SlopeSource::Values,
            Activation::Gelu => SlopeSource::Slopes,
        }
    }
}
