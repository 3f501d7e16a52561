//! The score that chooses the best epoch: accuracy and mean loss.

use serde::{Deserialize, Serialize};

use crate::eval::logits::{Logits, argmax, softmax};

/// Accuracy and mean loss, enough to choose the best model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Share of images classified correctly.
    pub accuracy: f64,
    /// Mean negative log-likelihood of the right class, in nats.
    pub loss: f64,
}

impl Score {
    pub fn new(logits: &Logits) -> Self {
        let n = logits.len().max(1) as f64;
        let hits = logits.rows().filter(|(label, row)| argmax(row) == *label).count();
        let loss: f64 = logits.rows().map(|(label, row)| loss(label, row)).sum();
        Self { accuracy: hits as f64 / n, loss: loss / n }
    }

    /// Higher accuracy, or the same with a lower loss.
    pub fn is_better_than(&self, other: &Self) -> bool {
        self.accuracy > other.accuracy || (self.accuracy == other.accuracy && self.loss < other.loss)
    }
}

/// Negative log-likelihood of the label, in nats.
fn loss(label: usize, logits: &[f32]) -> f64 {
    -softmax(logits)[label].ln()
}
