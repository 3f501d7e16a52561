//! The evaluation of a network: every metric that `test` reports, computed from its probabilities.

use run_files::{ClassMetrics, Evaluation, TopK, wilson_interval};

use crate::eval::calibration::calibration;
use crate::eval::probabilities::Probabilities;

/// Top-k accuracy is reported up to this k.
const LARGEST_K: usize = 5;

/// The number of images of one class that were predicted to be of another class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Confusion {
    pub label: usize,
    pub prediction: usize,
    pub count: usize,
}

/// Evaluates a network's probabilities; `names` are the names of the classes.
pub fn evaluate(probabilities: &Probabilities, names: &[impl AsRef<str>]) -> Evaluation {
    let (n, images) = (probabilities.classes(), probabilities.len());
    let mut confusion = vec![vec![0; n]; n];
    let mut ranks = vec![0; n];
    let mut loss = 0.0;
    for prediction in probabilities.predictions() {
        confusion[prediction.label][prediction.class()] += 1;
        ranks[prediction.rank()] += 1;
        loss += prediction.loss();
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
        loss: (images > 0).then(|| loss / images as f64),
        top_k: (1..=n.min(LARGEST_K)).map(|k| TopK { k, accuracy: share(ranks[..k].iter().sum()) }).collect(),
        macro_f1: (!f1s.is_empty()).then(|| f1s.iter().sum::<f64>() / f1s.len() as f64),
        calibration: calibration(probabilities),
        classes,
        confusion,
    }
}

/// The pairs of classes that were confused most often, at most `limit` of them.
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

/// The ratio of two counts; `None` if the denominator is zero.
fn ratio(numerator: usize, denominator: usize) -> Option<f64> {
    (denominator > 0).then(|| numerator as f64 / denominator as f64)
}

fn class_metrics(class: usize, confusion: &[Vec<usize>], names: &[impl AsRef<str>]) -> ClassMetrics {
    let hits = confusion[class][class];
    let support: usize = confusion[class].iter().sum();
    let predicted: usize = confusion.iter().map(|row| row[class]).sum();
    ClassMetrics {
        name: names.get(class).map_or_else(|| class.to_string(), |name| name.as_ref().to_owned()),
        support,
        precision: ratio(hits, predicted),
        recall: ratio(hits, support),
        f1: ratio(2 * hits, support + predicted),
    }
}

#[cfg(test)]
#[path = "evaluation_tests.rs"]
mod tests;
