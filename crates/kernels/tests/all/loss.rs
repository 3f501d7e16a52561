//! The cross-entropy against its definition in double precision, and its gradient against finite differences.

use kernels::Level;

use crate::bits::equal_on_every_level;
use crate::cases::Case;

/// Logits `[n, classes]` and labels `[n]`.
fn numbers(n: usize, classes: usize, scale: f32) -> (Vec<f32>, Vec<u8>) {
    let numbers = Case::same(n, classes, 1, 1, 1).numbers(false).images;
    let labels = (0..n).map(|i| (i * 7 % classes) as u8).collect();
    (numbers.iter().map(|x| x * scale).collect(), labels)
}

fn exact(logits: &[f64], classes: usize, labels: &[u8], smoothing: f64) -> f64 {
    let row = |(logits, label): (&[f64], &u8)| {
        let largest = logits.iter().fold(f64::MIN, |most, x| most.max(*x));
        let log_sum = logits.iter().map(|x| (x - largest).exp()).sum::<f64>().ln() + largest;
        let mean = logits.iter().map(|x| log_sum - x).sum::<f64>() / classes as f64;
        (1.0 - smoothing) * (log_sum - logits[usize::from(*label)]) + smoothing * mean
    };
    logits.chunks_exact(classes).zip(labels).map(row).sum::<f64>() / labels.len() as f64
}

fn computed(level: Level, logits: &[f32], classes: usize, labels: &[u8], smoothing: f32) -> (f32, Vec<f32>) {
    let mut gradient = vec![f32::NAN; logits.len()];
    let loss = kernels::cross_entropy(level, classes, logits, labels, smoothing, &mut gradient);
    (loss, gradient)
}

#[test]
fn the_loss_is_its_definition_and_the_gradient_its_derivative() {
    for (n, classes, scale) in [(1, 1, 1.0), (1, 10, 4.0), (3, 2, 30.0), (7, 10, 200.0), (33, 17, 8.0)] {
        let (logits, labels) = numbers(n, classes, scale);
        let doubles: Vec<f64> = logits.iter().map(|x| f64::from(*x)).collect();
        for smoothing in [0.0, 0.1] {
            let expected = exact(&doubles, classes, &labels, f64::from(smoothing));
            for level in Level::named() {
                let (loss, gradient) = computed(level, &logits, classes, &labels, smoothing);
                assert!((f64::from(loss) - expected).abs() <= 1e-6 * expected.max(1.0), "{loss} {expected}");
                for i in 0..logits.len() {
                    let at = |change: f64| {
                        let mut moved = doubles.clone();
                        moved[i] += change;
                        exact(&moved, classes, &labels, f64::from(smoothing))
                    };
                    let difference = (at(1e-5) - at(-1e-5)) / 2e-5;
                    assert!((f64::from(gradient[i]) - difference).abs() < 1e-6, "{n} {classes} {i}");
                }
            }
        }
    }
}

#[test]
fn losses_have_the_same_bits_on_every_level() {
    for (n, classes) in [(1, 10), (128, 10), (37, 17)] {
        let (logits, labels) = numbers(n, classes, 6.0);
        equal_on_every_level(|level| {
            let (loss, gradient) = computed(level, &logits, classes, &labels, 0.1);
            [vec![loss], gradient].concat()
        });
    }
}

#[test]
fn what_is_not_finite_shows_in_the_loss() {
    for value in [f32::NAN, f32::INFINITY] {
        let (mut logits, labels) = numbers(3, 10, 1.0);
        logits[14] = value;
        assert!(computed(Level::best(), &logits, 10, &labels, 0.0).0.is_nan());
    }
    // A class that cannot be is no mistake, unless it is the label.
    let logits = [0.0, f32::NEG_INFINITY];
    assert_eq!(computed(Level::best(), &logits, 2, &[0], 0.0).0, 0.0);
    assert_eq!(computed(Level::best(), &logits, 2, &[1], 0.0).0, f32::INFINITY);
}
