//! Convolutions of all sorts, with numbers to put in. The tests of `ops` draw from them too.

use kernels::{Activation, ConvShape, PoolShape};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// As many cases as asked for, which are the same in every run, so that a failure on one machine can be
/// repeated on another. `PROPTEST_RNG_SEED=7` draws others.
pub(crate) fn drawn(cases: u32) -> ProptestConfig {
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) };
    match config.rng_seed {
        RngSeed::Random => ProptestConfig { rng_seed: RngSeed::Fixed(1), ..config },
        RngSeed::Fixed(_) => config,
    }
}

/// A convolution, its pooling, and the number of images.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    pub n: usize,
    pub shape: PoolShape,
    /// Rows of zeros below the image and columns of zeros right of it.
    #[allow(dead_code, reason = "only the tests of `ops` hand the padding on")]
    pub after: [usize; 2],
    pub seed: u64,
}

/// Numbers for the operands and for the gradient of the output.
pub(crate) struct Numbers {
    /// `[n, height, width, channels]`, or channels first: either is as many numbers.
    pub images: Vec<f32>,
    pub weight: Vec<f32>,
    pub bias: Vec<f32>,
    /// The gradient of the convolution's output. The pooled convolution takes as many of them as it has
    /// outputs.
    pub upstream: Vec<f32>,
}

impl Case {
    /// The lecture's unit: a convolution that keeps the size, 2x2 pooling and ReLU.
    pub(crate) fn same(n: usize, channels: usize, size: usize, filters: usize, kernel: usize) -> Self {
        let (before, after) = ((kernel - 1) / 2, kernel / 2);
        let conv = ConvShape {
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
            groups: 1,
        };
        Self {
            n,
            shape: PoolShape { conv, pool: 2, activation: Activation::Relu },
            after: [after; 2],
            seed: 7,
        }
    }

    /// The same with an activation that leaves whole numbers whole.
    pub(crate) fn whole(mut self) -> Self {
        if self.shape.activation != Activation::Relu {
            self.shape.activation = Activation::None;
        }
        self
    }

    /// The case's numbers: with `exact` whole numbers so small that every sum of products is exact, otherwise
    /// real numbers from -1/2 to 1/2.
    pub(crate) fn numbers(&self, exact: bool) -> Numbers {
        let conv = &self.shape.conv;
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
        let output = self.n * conv.filters * conv.out_height * conv.out_width;
        Numbers {
            images: draw(self.n * conv.channels * conv.height * conv.width),
            weight: draw(conv.filters * conv.filter_len()),
            bias: draw(conv.filters),
            upstream: draw(output),
        }
    }
}

prop_compose! {
    /// Odd sizes, kernels, strides, paddings and windows, and more filters and channels than a block holds.
    pub(crate) fn case()(
        channels in prop_oneof![1usize..5, Just(8), Just(17), Just(33)],
        filters in prop_oneof![1usize..5, Just(16), Just(23), Just(40)],
        // One case in four has the sizes that Winograd's filtering takes.
        (n, kernel, stride, pool) in prop_oneof![
            3 => (1usize..4, 1usize..6, 1usize..4, 1usize..4),
            1 => (4usize..6, prop::sample::select(vec![3, 5]), Just(1), Just(2)),
        ],
        activation in prop::sample::select(vec![
            Activation::Relu, Activation::None, Activation::Gelu, Activation::Tanh, Activation::Sigmoid,
        ]),
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
        let conv = ConvShape {
            channels, height, width, filters, kernel, stride, top, left,
            out_height: out(top + height + bottom),
            out_width: out(left + width + right),
            groups: 1,
        };
        Case { n, shape: PoolShape { conv, pool, activation }, after: [bottom, right], seed }
    }
}
