//! A step of an optimizer for one parameter: each of its values is read and written once.
//!
//! The operations are those of Burn's optimizers in the same order, each rounded by itself. None is fused, so
//! every set of vector instructions gives the same bits.

use crate::optimizer::PIECE;
use crate::optimizer::rule::{MomentRates, Rule, Step};
use crate::simd::level::Level;
use crate::simd::vector::{Kernel, Vector};
use crate::threads::parallel::*;

/// Changes `parameter` by its `gradient`. `kept` are the values that the rule keeps, as many slices as
/// [`Rule::kept`] says; the others are empty. `decay` is the strength of the weight decay.
///
/// # Panics
/// If a length differs from the parameter's.
pub fn update(
    level: Level,
    step: &Step,
    decay: f32,
    parameter: &mut [f32],
    gradient: &[f32],
    kept: [&mut [f32]; 2],
) {
    let len = parameter.len();
    let is_kept = [1, 2].map(|slices| step.rule.kept() >= slices);
    let lengths = [0, 1].map(|i| if is_kept[i] { len } else { 0 });
    assert_eq!([gradient.len(), kept[0].len(), kept[1].len()], [len, lengths[0], lengths[1]], "lengths fit");
    let [first, second] = kept;
    if len <= PIECE {
        level.run(Piece { step, decay, parameter, gradient, first, second });
        return;
    }
    let pieces = parameter.par_chunks_mut(PIECE).zip(gradient.par_chunks(PIECE));
    match is_kept {
        [true, true] => {
            let kept = first.par_chunks_mut(PIECE).zip(second.par_chunks_mut(PIECE));
            pieces.zip(kept).for_each(|((parameter, gradient), (first, second))| {
                level.run(Piece { step, decay, parameter, gradient, first, second });
            });
        }
        [true, false] => {
            pieces.zip(first.par_chunks_mut(PIECE)).for_each(|((parameter, gradient), first)| {
                level.run(Piece { step, decay, parameter, gradient, first, second: &mut [] });
            });
        }
        [false, _] => pieces.for_each(|(parameter, gradient)| {
            level.run(Piece { step, decay, parameter, gradient, first: &mut [], second: &mut [] });
        }),
    }
}

/// The step for a piece of a parameter.
struct Piece<'a> {
    step: &'a Step,
    decay: f32,
    parameter: &'a mut [f32],
    gradient: &'a [f32],
    first: &'a mut [f32],
    second: &'a mut [f32],
}

impl Kernel for Piece<'_> {
    type Output = ();

    // The compiler turns these loops into vectors of the level's width.
    #[inline(always)]
    fn run<S: Vector>(self, _simd: S) {
        match self.step.rule {
            Rule::Adam(rates) => self.adam(rates),
            Rule::Adamw(rates) => self.adamw(rates),
            Rule::Sgd { momentum } => self.sgd(momentum),
        }
    }
}

impl Piece<'_> {
    #[inline(always)]
    fn adam(self, rates: MomentRates) {
        let Self { step, decay, parameter, gradient, first, second } = self;
        let (rate, correction) = (step.rate as f32, step.correction);
        let means = first.iter_mut().zip(second);
        for ((x, g), (first, second)) in parameter.iter_mut().zip(gradient).zip(means) {
            let g = decayed(*g * step.gradient_scale, *x, decay);
            *first = mean(*first, g, rates.beta_1);
            *second = mean(*second, g * g, rates.beta_2);
            let change = *first * correction.first / (second.sqrt() + correction.epsilon);
            *x -= change * rate;
        }
    }

    #[inline(always)]
    fn adamw(self, rates: MomentRates) {
        let Self { step, decay, parameter, gradient, first, second } = self;
        let (rate, correction) = (step.rate as f32, step.correction);
        let remaining = (1.0 - step.rate * f64::from(decay)) as f32;
        let means = first.iter_mut().zip(second);
        for ((x, g), (first, second)) in parameter.iter_mut().zip(gradient).zip(means) {
            let g = *g * step.gradient_scale;
            *first = mean(*first, g, rates.beta_1);
            *second = mean(*second, g * g, rates.beta_2);
            let root = (*second / correction.second).sqrt();
            let change = *first / correction.first / (root + correction.epsilon);
            *x = *x * remaining - change * rate;
        }
    }

    #[inline(always)]
    fn sgd(self, momentum: f32) {
        let Self { step, decay, parameter, gradient, first: velocities, .. } = self;
        let rate = step.rate as f32;
        if velocities.is_empty() {
            for (x, g) in parameter.iter_mut().zip(gradient) {
                *x -= decayed(*g * step.gradient_scale, *x, decay) * rate;
            }
            return;
        }
        for ((x, g), velocity) in parameter.iter_mut().zip(gradient).zip(velocities) {
            *velocity = decayed(*g * step.gradient_scale, *x, decay) + *velocity * momentum;
            *x -= *velocity * rate;
        }
    }
}

/// The gradient with the weight decay of Adam and SGD added to it.
#[inline(always)]
fn decayed(gradient: f32, x: f32, decay: f32) -> f32 {
    // A decay of zero would still turn a negative zero into zero, which changes nothing that follows.
    x * decay + gradient
}

/// A mean with one more value, which counts `1 - beta`.
#[inline(always)]
fn mean(mean: f32, value: f32, beta: f32) -> f32 {
    mean * beta + value * (1.0 - beta)
}
