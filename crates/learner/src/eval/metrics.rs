//! What predictions are worth: pure arithmetic on labels and logits.

use serde::{Deserialize, Serialize};

use crate::eval::calibration::Calibration;
use crate::eval::predict::{Predictions, argmax, softmax};
use crate::eval::probabilities::Probabilities;

/// Is the right class among the first k?
const LARGEST_K: usize = 5;

/// Accuracy and mean loss, enough to choose the best model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Share of pictures classified correctly.
    pub accuracy: f64,
    /// Mean negative log-likelihood of the right class, in nats.
    pub loss: f64,
}

impl Score {
    pub fn new(predictions: &Predictions) -> Self {
        let n = predictions.len().max(1) as f64;
        let hits = predictions.rows().filter(|(label, logits)| argmax(logits) == *label).count();
        let loss: f64 = predictions.rows().map(|(label, logits)| loss(label, logits)).sum();
        Self { accuracy: hits as f64 / n, loss: loss / n }
    }

    /// Higher accuracy, or the same with a lower loss.
    pub fn is_better_than(&self, other: &Self) -> bool {
        self.accuracy > other.accuracy || (self.accuracy == other.accuracy && self.loss < other.loss)
    }
}

/// Everything `test` reports. Ratios without a denominator are `None`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evaluation {
    pub pictures: usize,
    pub correct: usize,
    pub accuracy: Option<f64>,
    /// Wilson's 95 % interval of the accuracy.
    pub accuracy_interval: Option<[f64; 2]>,
    /// Mean negative log-likelihood, in nats; none if a right class was ruled out altogether.
    pub loss: Option<f64>,
    /// For k from 1 to 5, or to the number of classes.
    pub top_k: Vec<TopK>,
    /// Mean of the classes' F1, of those that have one.
    pub macro_f1: Option<f64>,
    pub calibration: Calibration,
    pub classes: Vec<ClassMetrics>,
    /// `confusion[label][prediction]` pictures.
    pub confusion: Vec<Vec<usize>>,
}

/// Share of the pictures whose label is among the k most probable classes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct TopK {
    pub k: usize,
    pub accuracy: Option<f64>,
}

/// One class against all others.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassMetrics {
    pub name: String,
    /// Pictures of this class.
    pub support: usize,
    /// Share of the pictures called this class that are.
    pub precision: Option<f64>,
    /// Share of this class's pictures that were found.
    pub recall: Option<f64>,
    /// Harmonic mean of the two.
    pub f1: Option<f64>,
}

/// Pictures of one class taken for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Confusion {
    pub label: usize,
    pub prediction: usize,
    pub count: usize,
}

impl Evaluation {
    /// Evaluates what was believed; `names` are the classes' names.
    pub fn new(probabilities: &Probabilities, names: &[&str]) -> Self {
        let (n, pictures) = (probabilities.classes(), probabilities.len());
        let mut confusion = vec![vec![0; n]; n];
        let mut ranks = vec![0; n];
        let mut loss = 0.0;
        for belief in probabilities.beliefs() {
            confusion[belief.label][belief.prediction()] += 1;
            ranks[belief.rank()] += 1;
            loss += belief.loss();
        }
        let share = |hits: usize| ratio(hits, pictures);
        let correct = (0..n).map(|class| confusion[class][class]).sum();
        let classes: Vec<ClassMetrics> =
            (0..n).map(|class| class_metrics(class, &confusion, names)).collect();
        let f1s: Vec<f64> = classes.iter().filter_map(|class| class.f1).collect();
        Self {
            pictures,
            correct,
            accuracy: share(correct),
            accuracy_interval: wilson_interval(correct, pictures),
            // JSON has no infinity.
            loss: (pictures > 0).then(|| loss / pictures as f64).filter(|loss| loss.is_finite()),
            top_k: (1..=n.min(LARGEST_K))
                .map(|k| TopK { k, accuracy: share(ranks[..k].iter().sum()) })
                .collect(),
            macro_f1: (!f1s.is_empty()).then(|| f1s.iter().sum::<f64>() / f1s.len() as f64),
            calibration: Calibration::new(probabilities),
            classes,
            confusion,
        }
    }

    /// The pairs of classes confused most often, at most `limit`.
    pub fn most_confused(&self, limit: usize) -> Vec<Confusion> {
        let mut pairs: Vec<Confusion> = self
            .confusion
            .iter()
            .enumerate()
            .flat_map(|(label, row)| {
                row.iter().enumerate().map(move |(prediction, &count)| Confusion { label, prediction, count })
            })
            .filter(|pair| pair.label != pair.prediction && pair.count > 0)
            .collect();
        pairs.sort_by_key(|pair| (usize::MAX - pair.count, pair.label, pair.prediction));
        pairs.truncate(limit);
        pairs
    }
}

/// Negative log-likelihood of the right class, in nats.
pub fn loss(label: usize, logits: &[f32]) -> f64 {
    -softmax(logits)[label].ln()
}

/// Wilson's 95 % score interval of a share (Wilson 1927); unlike the textbook's `p ± 1.96 s`
/// it stays inside [0, 1] near perfect accuracy.
pub fn wilson_interval(hits: usize, n: usize) -> Option<[f64; 2]> {
    const Z: f64 = 1.959_963_984_540_054;
    if n == 0 {
        return None;
    }
    let (n, share) = (n as f64, hits as f64 / n as f64);
    let centre = share + Z * Z / (2.0 * n);
    let spread = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z * Z / n;
    Some([((centre - spread) / scale).max(0.0), ((centre + spread) / scale).min(1.0)])
}

fn ratio(numerator: usize, denominator: usize) -> Option<f64> {
    (denominator > 0).then(|| numerator as f64 / denominator as f64)
}

fn class_metrics(class: usize, confusion: &[Vec<usize>], names: &[&str]) -> ClassMetrics {
    let hits = confusion[class][class];
    let support: usize = confusion[class].iter().sum();
    let called: usize = confusion.iter().map(|row| row[class]).sum();
    ClassMetrics {
        name: names.get(class).map_or_else(|| class.to_string(), |name| (*name).to_owned()),
        support,
        precision: ratio(hits, called),
        recall: ratio(hits, support),
        f1: ratio(2 * hits, support + called),
    }
}

#[cfg(test)]
#[path = "metrics_tests.rs"]
mod tests;
