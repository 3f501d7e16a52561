//! The score by which the best epoch is chosen: accuracy and mean loss.

use serde::{Deserialize, Serialize};

use crate::eval::logits::{Logits, argmax, softmax};

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
    -softmax(logits)[label].ln()
}
