//! Softmax with cross-entropy: the loss of a classifier, with its gradient.

use crate::functions::function::Function;
use crate::memory::scratch;
use crate::simd::level::Level;
use crate::simd::vector::{Kernel, Vector};

/// The mean over `n` rows of the cross-entropy between the softmax of `logits` `[n, classes]` and the targets.
///
/// A row's target gives its label the share `1 - smoothing`, and divides `smoothing` equally among all classes
/// (Szegedy et al. 2016). `gradient` `[n, classes]` gets the loss's gradient of the logits, the softmax less the
/// target, divided by `n`. Without rows the loss is NaN.
///
/// # Panics
/// If a length does not fit, or a label is not below `classes`.
pub fn cross_entropy(
    level: Level,
    classes: usize,
    logits: &[f32],
    labels: &[u8],
    smoothing: f32,
    gradient: &mut [f32],
) -> f32 {
    let n = labels.len();
    assert_eq!([logits.len(), gradient.len()], [n * classes; 2], "a row of logits for each label");
    assert!(labels.iter().all(|label| usize::from(*label) < classes), "each label is a class");
    scratch::with([n], |[sums]| {
        level.run(CrossEntropy { classes, logits, labels, smoothing, gradient, sums })
    })
}

struct CrossEntropy<'a> {
    classes: usize,
    logits: &'a [f32],
    labels: &'a [u8],
    smoothing: f32,
    gradient: &'a mut [f32],
    /// Memory for a value of each row.
    sums: &'a mut [f32],
}

impl Kernel for CrossEntropy<'_> {
    type Output = f32;

    /// Only single values are added up and compared here, in the order of the classes and rows, so that the vector's
    /// length does not matter.
    #[inline(always)]
    fn run<S: Vector>(self, simd: S) -> f32 {
        let Self { classes, logits, labels, smoothing, gradient, sums } = self;
        let share = f64::from(smoothing) / classes as f64;
        let mut loss = 0.0;
        // The largest logit is subtracted, so that no exponential is infinite.
        for ((logits, shifted), label) in
            logits.chunks_exact(classes).zip(gradient.chunks_exact_mut(classes)).zip(labels)
        {
            let largest = logits.iter().fold(f32::NEG_INFINITY, |most, x| if *x > most { *x } else { most });
            let mut sum = 0.0;
            for (shifted, logit) in shifted.iter_mut().zip(logits) {
                *shifted = logit - largest;
                sum += f64::from(*shifted);
            }
            loss -= (1.0 - f64::from(smoothing)) * f64::from(shifted[usize::from(*label)]);
            if smoothing != 0.0 {
                loss -= share * sum;
            }
        }
        Function::Exp.put(simd, gradient);
        for (row, sum) in gradient.chunks_exact(classes).zip(sums.iter_mut()) {
            *sum = row.iter().fold(0.0, |sum, x| sum + x);
        }
        let n = labels.len() as f32;
        for ((row, sum), label) in gradient.chunks_exact_mut(classes).zip(sums.iter()).zip(labels) {
            for value in row.iter_mut() {
                *value = (*value / sum - share as f32) / n;
            }
            row[usize::from(*label)] -= (1.0 - smoothing) / n;
        }
        Function::Ln.put(simd, sums);
        loss += sums.iter().map(|sum| f64::from(*sum)).sum::<f64>();
        (loss / labels.len() as f64) as f32
    }
}
