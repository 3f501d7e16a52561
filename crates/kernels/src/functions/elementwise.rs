//! Activations and their backward passes on slices.

use crate::functions::activation::Activation;
use crate::functions::partial::{load, store};
use crate::simd::level::Level;
use crate::simd::vector::{Kernel, Vector};
use crate::threads::parallel::*;

/// How many values a thread takes at a time.
const PIECE: usize = 1 << 14;

/// Puts the activation of each value in its place. `slope` gets the derivatives, or is empty if they are not wanted.
///
/// # Panics
/// If `slope` has another length than `values` and is not empty.
pub fn activate(level: Level, activation: Activation, values: &mut [f32], slope: &mut [f32]) {
    if slope.is_empty() {
        values.par_chunks_mut(PIECE).for_each(|values| activate_in_place(level, activation, values, &mut []));
        return;
    }
    assert_eq!(values.len(), slope.len(), "a derivative for each value");
    let pieces = values.par_chunks_mut(PIECE).zip(slope.par_chunks_mut(PIECE));
    pieces.for_each(|(values, slope)| activate_in_place(level, activation, values, slope));
}

/// The same on this thread.
pub(crate) fn activate_in_place(level: Level, activation: Activation, values: &mut [f32], slope: &mut [f32]) {
    match activation {
        Activation::None if slope.is_empty() => (),
        _ => level.run(Activate { activation, values, slope }),
    }
}

/// Writes to `gradient` the gradient of what an activation was applied to: `upstream`, the gradient of its output,
/// times its derivative, which is the function's own of `kept`: the output, or the derivative itself if
/// [`Activation::keeps_output`] is false.
///
/// # Panics
/// If the slices differ in their lengths.
pub fn activate_backward(
    level: Level,
    activation: Activation,
    kept: &[f32],
    upstream: &[f32],
    gradient: &mut [f32],
) {
    assert_eq!([kept.len(), upstream.len()], [gradient.len(); 2], "as many gradients as values");
    let operands = kept.par_chunks(PIECE).zip(upstream.par_chunks(PIECE));
    gradient.par_chunks_mut(PIECE).zip(operands).for_each(|(gradient, (kept, upstream))| {
        level.run(PullBack { activation, kept, upstream, gradient });
    });
}

struct Activate<'a> {
    activation: Activation,
    values: &'a mut [f32],
    slope: &'a mut [f32],
}

impl Kernel for Activate<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vector>(self, simd: S) {
        let Self { activation, values, slope } = self;
        if slope.is_empty() {
            for values in values.chunks_mut(S::LANES) {
                let value = activation.apply(simd, load(simd, values));
                store(simd, values, value);
            }
            return;
        }
        for (values, slope) in values.chunks_mut(S::LANES).zip(slope.chunks_mut(S::LANES)) {
            let [value, kept] = activation.apply_and_keep(simd, load(simd, values));
            store(simd, values, value);
            store(simd, slope, activation.slope(simd, kept));
        }
    }
}

struct PullBack<'a> {
    activation: Activation,
    kept: &'a [f32],
    upstream: &'a [f32],
    gradient: &'a mut [f32],
}

impl Kernel for PullBack<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vector>(self, simd: S) {
        let operands = self.kept.chunks(S::LANES).zip(self.upstream.chunks(S::LANES));
        for (gradient, (kept, upstream)) in self.gradient.chunks_mut(S::LANES).zip(operands) {
            let pulled = self.activation.pull_back(simd, load(simd, kept), load(simd, upstream));
            store(simd, gradient, pulled);
        }
    }
}
