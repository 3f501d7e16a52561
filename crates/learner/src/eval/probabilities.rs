//! The probabilities of a network for a set of images: one for each image and class, in `f64`.

use thiserror::Error;

use crate::eval::logits::{Logits, softmax};

/// The network's logits for an image are not finite, so no metric can be computed from them.
#[derive(Clone, Debug, PartialEq, Error)]
#[error(
    "the network's logits for image {image} are not finite, although its weights are; \
     the weights are too large to be used: train again with a lower train.learning_rate"
)]
pub struct NotFinite {
    pub image: usize,
}

/// The probabilities for a set of images, together with the images' labels. Each row sums to one.
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
    /// The probability of each class, `[classes]`.
    pub probabilities: &'a [f64],
}

impl Prediction<'_> {
    /// The class with the largest probability. If several are equally probable, it is the first of them.
    pub fn class(&self) -> usize {
        let p = self.probabilities;
        (1..p.len()).fold(0, |best, i| if p[i] > p[best] { i } else { best })
    }

    /// Whether the predicted class is the label.
    pub fn is_correct(&self) -> bool {
        self.class() == self.label
    }

    /// The largest probability.
    pub fn confidence(&self) -> f64 {
        self.probabilities[self.class()]
    }

    /// Negative log-likelihood of the label, in nats. It is infinite if the label's probability is zero.
    pub fn loss(&self) -> f64 {
        -self.probabilities[self.label].ln()
    }

    /// Number of classes that come before the label when the classes are sorted by falling probability.
    /// Equally probable classes keep their order. The rank is 0 if the label is the predicted class.
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
            // `Logits` stores labels as bytes, so the cast changes no label.
            labels.push(label as u8);
            rows.extend(softmax(row));
        }
        Ok(Self { classes: logits.classes(), labels, rows })
    }

    /// The probabilities of an ensemble: the mean of several networks' probabilities. It is `None` if there
    /// is no network, or if the networks have different images.
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

    /// Number of classes.
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

    /// The labels of the images, `[n]`.
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
        assert_eq!((prediction.class(), prediction.rank(), prediction.is_correct()), (1, 2, false));
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
