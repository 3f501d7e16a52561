//! What predictions are worth: pure arithmetic on labels and logits.

use serde::{Deserialize, Serialize};

use crate::evaluate::{Predictions, argmax, softmax};

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
    /// Mean negative log-likelihood, in nats.
    pub loss: Option<f64>,
    pub classes: Vec<ClassMetrics>,
    /// `confusion[label][prediction]` pictures.
    pub confusion: Vec<Vec<usize>>,
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
    /// Evaluates predictions; `names` are the classes' names.
    pub fn new(predictions: &Predictions, names: &[&str]) -> Self {
        let classes = predictions.classes();
        let mut confusion = vec![vec![0; classes]; classes];
        for (label, logits) in predictions.rows() {
            confusion[label][argmax(logits)] += 1;
        }
        let pictures = predictions.len();
        let correct = (0..classes).map(|class| confusion[class][class]).sum();
        let score = (pictures > 0).then(|| Score::new(predictions));
        Self {
            pictures,
            correct,
            accuracy: score.map(|score| score.accuracy),
            accuracy_interval: wilson_interval(correct, pictures),
            // JSON has no infinity.
            loss: score.map(|score| score.loss).filter(|loss| loss.is_finite()),
            classes: (0..classes).map(|class| class_metrics(class, &confusion, names)).collect(),
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

fn class_metrics(class: usize, confusion: &[Vec<usize>], names: &[&str]) -> ClassMetrics {
    let hits = confusion[class][class];
    let support: usize = confusion[class].iter().sum();
    let called: usize = confusion.iter().map(|row| row[class]).sum();
    let ratio = |numerator: usize, denominator: usize| {
        (denominator > 0).then(|| numerator as f64 / denominator as f64)
    };
    ClassMetrics {
        name: names.get(class).map_or_else(|| class.to_string(), |name| (*name).to_owned()),
        support,
        precision: ratio(hits, called),
        recall: ratio(hits, support),
        f1: ratio(2 * hits, support + called),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Predictions that put all weight on one class.
    fn certain(classes: usize, pairs: &[(u8, usize)]) -> Predictions {
        let logits = pairs
            .iter()
            .flat_map(|&(_, guess)| (0..classes).map(move |class| if class == guess { 2.0 } else { 0.0 }))
            .collect();
        Predictions::new(classes, pairs.iter().map(|pair| pair.0).collect(), logits)
    }

    #[test]
    fn figures_agree_with_a_table_worked_by_hand() {
        let evaluation =
            Evaluation::new(&certain(3, &[(0, 0), (0, 0), (0, 1), (1, 1), (1, 2), (2, 1)]), &["a", "b", "c"]);
        assert_eq!(evaluation.confusion, [[2, 1, 0], [0, 1, 1], [0, 1, 0]]);
        assert_eq!((evaluation.correct, evaluation.accuracy), (3, Some(0.5)));
        let b = &evaluation.classes[1];
        assert_eq!((b.precision, b.recall, b.f1), (Some(1.0 / 3.0), Some(0.5), Some(0.4)));
        let wrong = ((2f64.exp() + 2.0) / 1.0).ln();
        let right = wrong - 2.0;
        assert!((evaluation.loss.unwrap() - (3.0 * wrong + 3.0 * right) / 6.0).abs() < 1e-12);
        let pairs = evaluation.most_confused(2);
        assert_eq!(pairs[0], Confusion { label: 0, prediction: 1, count: 1 });
        assert_eq!(pairs.len(), 2);
    }

    #[test]
    fn what_has_no_denominator_is_none() {
        let evaluation = Evaluation::new(&certain(3, &[(0, 0)]), &["a", "b", "c"]);
        let c = &evaluation.classes[2];
        assert_eq!((c.precision, c.recall, c.f1), (None, None, None));
        let empty = Evaluation::new(&certain(3, &[]), &["a", "b", "c"]);
        assert_eq!((empty.accuracy, empty.loss, empty.accuracy_interval), (None, None, None));
        assert!(!serde_json::to_string(&empty).unwrap().contains("NaN"));
    }

    #[test]
    fn the_interval_is_wilsons() {
        // scipy.stats.binomtest(9900, 10000).proportion_ci(method="wilson")
        let [low, high] = wilson_interval(9900, 10_000).unwrap();
        assert!(
            (low - 0.987_853_017_744_885).abs() < 1e-12 && (high - 0.991_770_663_851_852).abs() < 1e-12,
            "{low} {high}"
        );
        assert_eq!(wilson_interval(5, 5).unwrap()[1], 1.0);
        assert!(wilson_interval(0, 5).unwrap()[0].abs() < 1e-12);
    }

    #[test]
    fn a_tie_in_accuracy_is_broken_by_loss() {
        let score = |accuracy, loss| Score { accuracy, loss };
        assert!(score(0.9, 0.3).is_better_than(&score(0.8, 0.1)));
        assert!(score(0.9, 0.1).is_better_than(&score(0.9, 0.2)));
        assert!(!score(0.9, 0.2).is_better_than(&score(0.9, 0.2)));
    }
}
