//! What a product is compiled for: the sizes of the convolution, and which of its three passes it is.

use burn::tensor::ops::ConvOptions;

/// What a convolution's product computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Pass {
    /// The output.
    Forward,
    /// The gradient of the maps.
    Maps,
    /// The gradient of the filters.
    Filters,
}

/// A convolution of maps `[n, height, width, channels]` with filters `[filters, channels, taps of a side, taps of a side]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct ConvPlan {
    pub height: usize,
    pub width: usize,
    pub channels: usize,
    pub out_height: usize,
    pub out_width: usize,
    pub filters: usize,
    pub kernel: [usize; 2],
    pub stride: [usize; 2],
    /// Zeros above and on the left.
    pub before: [usize; 2],
}

impl ConvPlan {
    /// The plan for maps and filters of these shapes, if the product takes them: filters that read all channels, and no gaps
    /// between their taps.
    pub(super) fn new(
        [_n, channels, height, width]: [usize; 4],
        [filters, filter_channels, rows, columns]: [usize; 4],
        options: &ConvOptions<2>,
    ) -> Option<Self> {
        let [(top, bottom), (left, right)] = options.padding;
        let [down, aside] = options.stride;
        let out = |size: usize, around: usize, taps: usize, stride: usize| {
            (size + around).checked_sub(taps).map(|last| last / stride + 1)
        };
        let is_plain = options.groups == 1 && options.dilation == [1; 2] && channels == filter_channels;
        let is_empty = [channels, height, width, filters, rows, columns].contains(&0);
        (is_plain && !is_empty).then_some(())?;
        Some(Self {
            height,
            width,
            channels,
            out_height: out(height, top + bottom, rows, down)?,
            out_width: out(width, left + right, columns, aside)?,
            filters,
            kernel: [rows, columns],
            stride: options.stride,
            before: [top, left],
        })
    }

    pub(super) fn taps(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }

    /// Rows and columns of the product, and how many terms each of its values has, for `n` images.
    pub(super) fn sizes(&self, pass: Pass, n: usize) -> [usize; 3] {
        let outputs = n * self.out_height * self.out_width;
        match pass {
            Pass::Forward => [outputs, self.filters, self.taps() * self.channels],
            Pass::Maps => [n * self.height * self.width, self.channels, self.taps() * self.filters],
            Pass::Filters => [self.filters, self.taps() * self.channels, outputs],
        }
    }
}

/// Values of the product that a cube computes: each of its 256 threads 4 by 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Tile {
    pub rows: usize,
    pub columns: usize,
    /// How many terms of all its sums are loaded at a time. The least memory that the threads of a cube share on any GPU,
    /// 16 KiB, is enough.
    pub depth: usize,
}

impl Tile {
    /// A tile for a product of so many columns: high where it cannot be wide.
    pub(super) fn new(columns: usize) -> Self {
        match columns {
            ..=16 => Self { rows: 256, columns: 16, depth: 8 },
            17..=32 => Self { rows: 128, columns: 32, depth: 16 },
            _ => Self { rows: 64, columns: 64, depth: 16 },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wgpu_takes_no_convolution_with_groups_or_gaps_or_no_place_for_its_filters() {
        let options = |stride, padding, dilation, groups| {
            ConvOptions::new([stride; 2], [padding; 2], [dilation; 2], groups)
        };
        let plan = |kernel, options| ConvPlan::new([2, 4, 6, 5], [8, 4, kernel, kernel], &options);
        let taken = plan(3, options(2, 1, 1, 1)).unwrap();
        assert_eq!([taken.out_height, taken.out_width], [3, 3]);
        assert_eq!(taken.sizes(Pass::Forward, 2), [18, 8, 36]);
        assert_eq!(taken.sizes(Pass::Maps, 2), [60, 4, 72]);
        assert_eq!(taken.sizes(Pass::Filters, 2), [8, 36, 18]);
        assert_eq!(plan(3, options(1, 1, 2, 1)), None);
        assert_eq!(plan(3, options(1, 1, 1, 2)), None);
        assert_eq!(plan(7, options(1, 0, 1, 1)), None);
        assert_eq!(plan(0, options(1, 0, 1, 1)), None);
    }
}
