//! The score by which the best epoch is chosen: accuracy and mean loss.

use serde::{Deserialize, Serialize};

use crate::eval::logits::{Logits, argmax, negative_log_likelihood, softmax};

/// The accuracy and the mean loss of a network on a set of images.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Share of images classified correctly.
    pub accuracy: f64,
    /// Mean negative log-likelihood of the label, in nats.
    pub loss: f64,
}

impl Score {
    /// The score of these logits. Without images, both numbers are 0.
    pub fn new(logits: &Logits) -> Self {
        let n = logits.len().max(1) as f64;
        let hits = logits.rows().filter(|(label, row)| argmax(row) == *label).count();
        let loss: f64 = logits.rows().map(|(label, row)| loss(label, row)).sum();
        Self { accuracy: hits as f64 / n, loss: loss / n }
    }

    /// Whether the accuracy is higher, or the same with a lower loss.
    pub fn is_better_than(&self, other: &Self) -> bool {
        self.accuracy > other.accuracy || (self.accuracy == other.accuracy && self.loss < other.loss)
    }
}

/// Negative log-likelihood of the label, in nats.
fn loss(label: usize, logits: &[f32]) -> f64 {
    negative_log_likelihood(softmax(logits)[label], label, logits)
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::*;
    use crate::random::{Stream, generator};

    #[test]
    fn a_confident_mistake_has_a_finite_loss_and_what_is_not_a_number_stays_so() {
        let of = |logits: &[f32]| Score::new(&Logits::new(2, vec![0, 0], logits.to_vec()));
        assert_eq!(of(&[0.0, 1000.0, 1000.0, 0.0]), Score { accuracy: 0.5, loss: 500.0 });
        assert!(of(&[f32::NAN, 0.0, 0.0, 0.0]).loss.is_nan());
        assert!(!of(&[f32::INFINITY, 0.0, 0.0, 0.0]).loss.is_finite());
    }

    #[test]
    fn ordinary_logits_keep_the_bits_of_the_logarithm_of_the_softmax() {
        let mut rng = generator(1, Stream::Split, 0, 0);
        for scale in [1e-3, 1.0, 30.0, 300.0] {
            for label in 0..10 {
                let row: Vec<f32> = (0..10).map(|_| scale * rng.random_range(-1.0f32..1.0)).collect();
                let expected = -libm::log(softmax(&row)[label]);
                let found = Score::new(&Logits::new(10, vec![label as u8], row)).loss;
                assert_eq!(found.to_bits(), expected.to_bits(), "{scale} {label}");
            }
        }
    }
}
