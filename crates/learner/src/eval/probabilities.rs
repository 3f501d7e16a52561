//! A network's probabilities for a set of images: one for each class, in `f64`.

use thiserror::Error;

use crate::eval::logits::{Logits, softmax};

/// A network's logits for an image are not finite, so no metric can be computed from them.
#[derive(Clone, Debug, PartialEq, Error)]
#[error(
    "the network's logits for image {image} are not finite, although its weights are; the weights are too large to be used: train again with a lower train.learning_rate"
)]
pub struct NotFinite {
    pub image: usize,
}

/// Probabilities beside the labels that were expected; each row sums to one.
#[derive(Clone, Debug, PartialEq)]
pub struct Probabilities {
    classes: usize,
    labels: Vec<u8>,
    /// `[n, classes]`, row by row.
    rows: Vec<f64>,
}

/// The network's prediction for one image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction<'a> {
    pub label: usize,
    /// Probability of each class.
    pub probabilities: &'a [f64],
}

impl Prediction<'_> {
    /// The class with the largest probability; the first of equals.
    pub fn class(&self) -> usize {
        let p = self.probabilities;
        (1..p.len()).fold(0, |best, i| if p[i] > p[best] { i } else { best })
    }

    pub fn is_right(&self) -> bool {
        self.class() == self.label
    }

    /// The largest probability.
    pub fn confidence(&self) -> f64 {
        self.probabilities[self.class()]
    }

    /// Negative log-likelihood of the label, in nats; infinite if its probability is zero.
    pub fn loss(&self) -> f64 {
        -self.probabilities[self.label].ln()
    }

    /// Number of classes that are more probable than the label; of equally probable ones, those before it count.
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
    pub fn new(logits: &Logits) -> Result<Self, NotFinite> {
        let (mut labels, mut rows) = (Vec::new(), Vec::new());
        for (image, (label, row)) in logits.rows().enumerate() {
            if !row.iter().all(|logit| logit.is_finite()) {
                return Err(NotFinite { image });
            }
            // `Logits` holds labels as bytes, so nothing is cut off.
            labels.push(label as u8);
            rows.extend(softmax(row));
        }
        Ok(Self { classes: logits.classes(), labels, rows })
    }

    /// The mean of several networks' probabilities: their ensemble. `None` if there is no network, or if
    /// the networks were given different images.
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

    /// Number of images.
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

    /// The prediction for each image, in the order of the images.
    pub fn predictions(&self) -> impl Iterator<Item = Prediction<'_>> {
        let rows = self.rows.chunks_exact(self.classes.max(1));
        self.labels
            .iter()
            .map(|&label| usize::from(label))
            .zip(rows)
            .map(|(label, probabilities)| Prediction { label, probabilities })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(labels: &[u8], logits: &[f32]) -> Probabilities {
        Probabilities::new(&Logits::new(logits.len() / labels.len(), labels.to_vec(), logits.to_vec()))
            .unwrap()
    }

    #[test]
    fn a_prediction_knows_its_rank_loss_and_confidence() {
        let p = of(&[2], &[0.0, 2f32.ln(), 0.0]);
        let prediction = p.predictions().next().unwrap();
        assert_eq!((prediction.class(), prediction.rank(), prediction.is_right()), (1, 2, false));
        assert!((prediction.confidence() - 0.5).abs() < 1e-7 && (prediction.loss() - 4f64.ln()).abs() < 1e-7);
    }

    #[test]
    fn an_ensemble_is_the_mean_of_probabilities_and_needs_the_same_images() {
        let (sure, unsure) = (of(&[0, 1], &[50.0, 0.0, 50.0, 0.0]), of(&[0, 1], &[0.0; 4]));
        let mean = Probabilities::mean(&[sure.clone(), unsure]).unwrap();
        for prediction in mean.predictions() {
            assert!((prediction.probabilities[0] - 0.75).abs() < 1e-12, "{prediction:?}");
            assert!((prediction.probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-15);
        }
        assert_eq!(Probabilities::mean(&[sure.clone(), of(&[1, 1], &[0.0; 4])]), None);
        assert_eq!(Probabilities::mean(&[]), None);
        assert_eq!(Probabilities::mean(std::slice::from_ref(&sure)), Some(sure));
    }

    #[test]
    fn logits_that_are_not_finite_are_an_error() {
        for broken in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let logits = Logits::new(2, vec![0, 1], vec![0.0, 1.0, broken, 0.0]);
            assert_eq!(Probabilities::new(&logits), Err(NotFinite { image: 1 }));
        }
    }
}
