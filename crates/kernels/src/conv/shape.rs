//! Sizes of a convolution and where its kernel lies on a picture.

use crate::layout::surround;

/// A convolution of `[n, channels, height, width]` with `[filters, channels, kernel, kernel]`.
///
/// Output pixel `y` covers the input rows `y * stride - top ..` of `kernel` many; rows outside
/// the picture are zeros. Columns likewise, with `left`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    pub channels: usize,
    pub height: usize,
    pub width: usize,
    pub filters: usize,
    pub kernel: usize,
    pub stride: usize,
    /// Rows of zeros above the picture.
    pub top: usize,
    /// Columns of zeros left of it.
    pub left: usize,
    pub out_height: usize,
    pub out_width: usize,
}

impl Geometry {
    /// Values of one input picture.
    pub(crate) fn input_len(&self) -> usize {
        self.height * self.width * self.channels
    }

    /// Values of one output picture.
    pub(crate) fn output_len(&self) -> usize {
        self.out_height * self.out_width * self.filters
    }

    /// Values of one filter.
    pub(crate) fn filter_len(&self) -> usize {
        self.channels * self.kernel * self.kernel
    }

    /// Values of one kernel row: `[kernel, channels]`, side by side in a channels-last picture.
    pub(crate) fn kernel_row(&self) -> usize {
        self.kernel * self.channels
    }

    /// Rows of the padded picture that the outputs `0..rows` need.
    pub(crate) fn padded_rows(&self, rows: usize) -> usize {
        match rows {
            0 => 0,
            rows => (rows - 1) * self.stride + self.kernel,
        }
    }

    /// Values of one row of the padded picture.
    pub(crate) fn padded_row(&self) -> usize {
        ((self.out_width.max(1) - 1) * self.stride + self.kernel) * self.channels
    }

    /// Values of the padded picture that all output rows need.
    pub(crate) fn padded_len(&self) -> usize {
        self.padded_rows(self.out_height) * self.padded_row()
    }

    /// Values from one output pixel to its right neighbour, in the padded picture.
    pub(crate) fn pixel_step(&self) -> usize {
        self.stride * self.channels
    }

    /// Writes the padded picture `[rows, columns, channels]` that the output rows from `first`
    /// on need, as many as `padded` has room for, with zeros in what is left over.
    pub(crate) fn pad(&self, picture: &[f32], first: usize, padded: &mut [f32]) {
        let top = self.top as isize - (first * self.stride) as isize;
        let left = (self.left * self.channels) as isize;
        surround(picture, self.width * self.channels, [top, left], padded, self.padded_row());
    }

    /// Takes the picture out of a padded one that every output row was padded for.
    pub(crate) fn unpad(&self, padded: &[f32], picture: &mut [f32]) {
        let row = self.padded_row();
        let before = self.left * self.channels;
        let rows = self.padded_rows(self.out_height);
        let width = (self.width * self.channels).min(row.saturating_sub(before));
        for (y, target) in picture.chunks_exact_mut(self.width * self.channels).enumerate() {
            target.fill(0.0);
            if y + self.top < rows {
                let source = &padded[(y + self.top) * row + before..][..width];
                target[..width].copy_from_slice(source);
            }
        }
    }
}
