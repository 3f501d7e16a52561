//! What a network believes of each picture: a probability for each class, in `f64`.

use thiserror::Error;

use crate::eval::predict::{Predictions, softmax};

/// An answer that is no number says nothing, and neither does any figure computed from it.
#[derive(Clone, Debug, PartialEq, Error)]
#[error(
    "the network's answer to picture {picture} is not finite, although its weights are; they are too large to be used: train again with a lower train.learning_rate"
)]
pub struct NotFinite {
    pub picture: usize,
}

/// Probabilities beside the labels that were expected; each row sums to one.
#[derive(Clone, Debug, PartialEq)]
pub struct Probabilities {
    classes: usize,
    labels: Vec<u8>,
    /// `[n, classes]`, row by row.
    rows: Vec<f64>,
}

/// What was believed of one picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Belief<'a> {
    pub label: usize,
    /// One a class.
    pub probabilities: &'a [f64],
}

impl Belief<'_> {
    /// The class with the largest probability; the first of equals.
    pub fn prediction(&self) -> usize {
        let p = self.probabilities;
        (1..p.len()).fold(0, |best, i| if p[i] > p[best] { i } else { best })
    }

    pub fn is_right(&self) -> bool {
        self.prediction() == self.label
    }

    /// The largest probability.
    pub fn confidence(&self) -> f64 {
        self.probabilities[self.prediction()]
    }

    /// Negative log-likelihood of the right class, in nats; infinite where it was ruled out.
    pub fn loss(&self) -> f64 {
        -self.probabilities[self.label].ln()
    }

    /// How many classes were believed more than the right one, of equals those before it.
    pub fn rank(&self) -> usize {
        let p = self.probabilities;
        let own = p[self.label];
        p.iter()
            .enumerate()
            .filter(|&(class, &other)| other > own || (other == own && class < self.label))
            .count()
    }
}

impl Probabilities {
    /// The softmax of each row of logits.
    ///
    /// # Errors
    /// If a logit is infinite or not a number.
    pub fn new(predictions: &Predictions) -> Result<Self, NotFinite> {
        let (mut labels, mut rows) = (Vec::new(), Vec::new());
        for (picture, (label, logits)) in predictions.rows().enumerate() {
            if !logits.iter().all(|logit| logit.is_finite()) {
                return Err(NotFinite { picture });
            }
            // `Predictions` holds labels as bytes.
            labels.push(label as u8);
            rows.extend(softmax(logits));
        }
        Ok(Self { classes: predictions.classes(), labels, rows })
    }

    /// The mean of several networks' probabilities: their ensemble. None of no network, or if they
    /// answered different pictures.
    pub fn mean(networks: &[Self]) -> Option<Self> {
        let (first, others) = networks.split_first()?;
        let mut mean = first.clone();
        for other in others {
            if (other.classes, &other.labels) != (first.classes, &first.labels) {
                return None;
            }
            for (sum, value) in mean.rows.iter_mut().zip(&other.rows) {
                *sum += value;
            }
        }
        let n = networks.len() as f64;
        mean.rows.iter_mut().for_each(|sum| *sum /= n);
        Some(mean)
    }

    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Number of pictures.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Labels `[n]`.
    pub fn labels(&self) -> &[u8] {
        &self.labels
    }

    /// What was believed of each picture, in their order.
    pub fn beliefs(&self) -> impl Iterator<Item = Belief<'_>> {
        let rows = self.rows.chunks_exact(self.classes.max(1));
        self.labels
            .iter()
            .map(|&label| usize::from(label))
            .zip(rows)
            .map(|(label, probabilities)| Belief { label, probabilities })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(labels: &[u8], logits: &[f32]) -> Probabilities {
        Probabilities::new(&Predictions::new(logits.len() / labels.len(), labels.to_vec(), logits.to_vec()))
            .unwrap()
    }

    #[test]
    fn a_belief_knows_its_rank_loss_and_confidence() {
        let p = of(&[2], &[0.0, 2f32.ln(), 0.0]);
        let belief = p.beliefs().next().unwrap();
        assert_eq!((belief.prediction(), belief.rank(), belief.is_right()), (1, 2, false));
        assert!((belief.confidence() - 0.5).abs() < 1e-7 && (belief.loss() - 4f64.ln()).abs() < 1e-7);
    }

    #[test]
    fn an_ensemble_is_the_mean_of_probabilities_and_needs_the_same_pictures() {
        let (sure, unsure) = (of(&[0, 1], &[50.0, 0.0, 50.0, 0.0]), of(&[0, 1], &[0.0; 4]));
        let mean = Probabilities::mean(&[sure.clone(), unsure]).unwrap();
        for belief in mean.beliefs() {
            assert!((belief.probabilities[0] - 0.75).abs() < 1e-12, "{belief:?}");
            assert!((belief.probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-15);
        }
        assert_eq!(Probabilities::mean(&[sure.clone(), of(&[1, 1], &[0.0; 4])]), None);
        assert_eq!(Probabilities::mean(&[]), None);
        assert_eq!(Probabilities::mean(std::slice::from_ref(&sure)), Some(sure));
    }

    #[test]
    fn an_answer_that_is_no_number_is_an_error() {
        for broken in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let predictions = Predictions::new(2, vec![0, 1], vec![0.0, 1.0, broken, 0.0]);
            assert_eq!(Probabilities::new(&predictions), Err(NotFinite { picture: 1 }));
        }
    }
}
