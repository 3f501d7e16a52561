//! Convolutions of all sorts, with numbers to put in.

use burn::tensor::ops::ConvOptions;
use ops::kernels::{Geometry, Pooled};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// So many cases, the same in every run, so that what a machine found another can repeat.
/// `PROPTEST_RNG_SEED=7` draws others.
pub(crate) fn drawn(cases: u32) -> ProptestConfig {
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) };
    match config.rng_seed {
        RngSeed::Random => ProptestConfig { rng_seed: RngSeed::Fixed(1), ..config },
        RngSeed::Fixed(_) => config,
    }
}

/// A convolution, its pooling, and how many pictures.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    pub n: usize,
    pub shape: Pooled,
    /// Rows and columns of zeros below and right of the picture.
    pub bottom: usize,
    pub right: usize,
    pub seed: u64,
}

/// Numbers for the operands and for the gradient of the output.
pub(crate) struct Numbers {
    pub maps: Vec<f32>,
    pub weight: Vec<f32>,
    pub bias: Vec<f32>,
    /// As long as the output of the convolution; the pooled one takes the first of them.
    pub gradient: Vec<f32>,
}

impl Case {
    /// A convolution that keeps the size, 2x2 pooling and ReLU: the lecture's unit.
    pub(crate) fn same(n: usize, channels: usize, size: usize, filters: usize, kernel: usize) -> Self {
        let (before, after) = ((kernel - 1) / 2, kernel / 2);
        let conv = Geometry {
            channels,
            height: size,
            width: size,
            filters,
            kernel,
            stride: 1,
            top: before,
            left: before,
            out_height: size,
            out_width: size,
        };
        Self { n, shape: Pooled { conv, pool: 2, relu: true }, bottom: after, right: after, seed: 7 }
    }

    pub(crate) fn options(&self) -> ConvOptions<2> {
        let g = &self.shape.conv;
        let padding = [(g.top, self.bottom), (g.left, self.right)];
        ConvOptions::new_with_padding([g.stride; 2], padding, [1; 2], 1)
    }

    /// Whole numbers so small that every sum of products is exact, or real ones.
    pub(crate) fn numbers(&self, exact: bool) -> Numbers {
        let g = &self.shape.conv;
        let mut state = self.seed;
        let mut draw = |count: usize| -> Vec<f32> {
            let next = |_| {
                // A step of splitmix64 (Steele et al. 2014).
                state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
                let mut z = state;
                z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
                z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
                let unit = ((z ^ (z >> 31)) >> 40) as f32 / (1u64 << 24) as f32;
                if exact { (unit * 5.0).floor() - 2.0 } else { unit - 0.5 }
            };
            (0..count).map(next).collect()
        };
        let output = self.n * g.filters * g.out_height * g.out_width;
        Numbers {
            maps: draw(self.n * g.channels * g.height * g.width),
            weight: draw(g.filters * g.channels * g.kernel * g.kernel),
            bias: draw(g.filters),
            gradient: draw(output),
        }
    }
}

prop_compose! {
    /// Odd sizes, kernels, strides, paddings and windows, and more filters and channels than a
    /// block holds.
    pub(crate) fn case()(
        channels in prop_oneof![1usize..5, Just(8), Just(17), Just(33)],
        filters in prop_oneof![1usize..5, Just(16), Just(23), Just(40)],
        // One in four with what Winograd's filtering takes.
        (n, kernel, stride, pool) in prop_oneof![
            3 => (1usize..4, 1usize..6, 1usize..4, 1usize..4),
            1 => (4usize..6, Just(5), Just(1), Just(2)),
        ],
        relu in any::<bool>(),
        pads in [0usize..5, 0usize..5, 0usize..5, 0usize..5],
        extra in [0usize..13, 0usize..13],
        seed in any::<u64>(),
    ) -> Case {
        let [top, bottom, left, right] = pads.map(|pad| pad % kernel);
        // At least one pooling window has to fit.
        let least = (pool - 1) * stride + kernel;
        let size = |before: usize, after: usize, extra: usize| {
            (least + extra).saturating_sub(before + after).max(1)
        };
        let (height, width) = (size(top, bottom, extra[0]), size(left, right, extra[1]));
        let out = |size: usize| (size - kernel) / stride + 1;
        let conv = Geometry {
            channels, height, width, filters, kernel, stride, top, left,
            out_height: out(top + height + bottom),
            out_width: out(left + width + right),
        };
        Case { n, shape: Pooled { conv, pool, relu }, bottom, right, seed }
    }
}
