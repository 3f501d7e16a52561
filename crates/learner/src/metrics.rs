//! What predictions are worth: pure arithmetic on labels and logits.

use run_files::{ClassMetrics, Evaluation, TopK, wilson_interval};
use serde::{Deserialize, Serialize};

use crate::calibration::calibrate;
use crate::evaluate::{Predictions, argmax, softmax};
use crate::probabilities::Probabilities;

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

/// Pictures of one class taken for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Confusion {
    pub label: usize,
    pub prediction: usize,
    pub count: usize,
}

/// Everything that the logits of labelled images say of a network; `names` are the classes' names.
pub fn evaluate(probabilities: &Probabilities, names: &[&str]) -> Evaluation {
    let (n, images) = (probabilities.classes(), probabilities.len());
    let mut confusion = vec![vec![0; n]; n];
    let mut ranks = vec![0; n];
    let mut loss = 0.0;
    for belief in probabilities.beliefs() {
        confusion[belief.label][belief.prediction()] += 1;
        ranks[belief.rank()] += 1;
        loss += belief.loss();
    }
    let share = |hits: usize| ratio(hits, images);
    let correct = (0..n).map(|class| confusion[class][class]).sum();
    let classes: Vec<ClassMetrics> = (0..n).map(|class| class_metrics(class, &confusion, names)).collect();
    let f1s: Vec<f64> = classes.iter().filter_map(|class| class.f1).collect();
    Evaluation {
        images,
        correct,
        accuracy: share(correct),
        accuracy_interval: wilson_interval(correct, images),
        // JSON has no infinity.
        loss: (images > 0).then(|| loss / images as f64).filter(|loss| loss.is_finite()),
        top_k: (1..=n.min(LARGEST_K)).map(|k| TopK { k, accuracy: share(ranks[..k].iter().sum()) }).collect(),
        macro_f1: (!f1s.is_empty()).then(|| f1s.iter().sum::<f64>() / f1s.len() as f64),
        calibration: calibrate(probabilities),
        classes,
        confusion,
    }
}

/// The pairs of classes confused most often, at most `limit`.
pub fn most_confused(evaluation: &Evaluation, limit: usize) -> Vec<Confusion> {
    let mut pairs: Vec<Confusion> = evaluation
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

/// Negative log-likelihood of the right class, in nats.
pub fn loss(label: usize, logits: &[f32]) -> f64 {
    -softmax(logits)[label].ln()
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
