//! The sizes of a convolution, and where its kernel lies on an image.

use crate::memory::layout::surround;

/// A convolution of `[n, channels, height, width]` with `[filters, channels / groups, kernel, kernel]`.
///
/// The channels and the filters are divided into `groups` equal parts, and the filters of a part read the channels of
/// that part alone.
///
/// Output row `y` is computed from `kernel` input rows, of which `y * stride - top` is the first; rows
/// outside the image are zeros. For columns the same holds with `left`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvShape {
    pub channels: usize,
    pub height: usize,
    pub width: usize,
    pub filters: usize,
    pub kernel: usize,
    pub stride: usize,
    /// Rows of zeros above the image.
    pub top: usize,
    /// Columns of zeros left of the image.
    pub left: usize,
    pub out_height: usize,
    pub out_width: usize,
    pub groups: usize,
}

impl ConvShape {
    /// Values of one input image `[height, width, channels]`.
    pub fn input_len(&self) -> usize {
        self.height * self.width * self.channels
    }

    /// Values of one output image `[out height, out width, filters]`.
    pub fn output_len(&self) -> usize {
        self.out_height * self.out_width * self.filters
    }

    /// Values of one filter `[channels / groups, kernel, kernel]`.
    pub fn filter_len(&self) -> usize {
        self.channels / self.groups * self.kernel * self.kernel
    }

    /// Values of one kernel row `[kernel, channels]`, which lie side by side in a channels-last image.
    pub(crate) fn kernel_row(&self) -> usize {
        self.kernel * self.channels
    }

    /// Rows of the padded image that the output rows `0..rows` need.
    pub(crate) fn padded_rows(&self, rows: usize) -> usize {
        match rows {
            0 => 0,
            rows => (rows - 1) * self.stride + self.kernel,
        }
    }

    /// Values of one row of the padded image.
    pub(crate) fn padded_row(&self) -> usize {
        ((self.out_width.max(1) - 1) * self.stride + self.kernel) * self.channels
    }

    /// Values of the padded image that all output rows need.
    pub fn padded_len(&self) -> usize {
        self.padded_rows(self.out_height) * self.padded_row()
    }

    /// How many values of the padded image lie between one output pixel's input and its right neighbour's.
    pub(crate) fn pixel_step(&self) -> usize {
        self.stride * self.channels
    }

    /// Writes the part `[rows, columns, channels]` of the padded image that the output rows from `first` on
    /// need. It has as many rows as `padded` has room for; a rest that is no whole row is filled with zeros.
    pub(crate) fn pad(&self, image: &[f32], first: usize, padded: &mut [f32]) {
        let top = self.top as isize - (first * self.stride) as isize;
        let left = (self.left * self.channels) as isize;
        surround(image, self.width * self.channels, [top, left], padded, self.padded_row());
    }

    /// Copies the image out of a padded one that holds the rows of all output rows. Pixels that no output was
    /// computed from are outside the padded image and become zeros.
    pub(crate) fn unpad(&self, padded: &[f32], image: &mut [f32]) {
        let row = self.padded_row();
        let before = self.left * self.channels;
        let rows = self.padded_rows(self.out_height);
        let width = (self.width * self.channels).min(row.saturating_sub(before));
        for (y, target) in image.chunks_exact_mut(self.width * self.channels).enumerate() {
            target.fill(0.0);
            if y + self.top < rows {
                let source = &padded[(y + self.top) * row + before..][..width];
                target[..width].copy_from_slice(source);
            }
        }
    }
}
