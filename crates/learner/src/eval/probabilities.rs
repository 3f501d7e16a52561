//! The probabilities of a network for a set of images: one for each image and class, in `f64`.

use thiserror::Error;

use crate::eval::logits::{Logits, negative_log_likelihood, softmax};

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
    /// Negative log-likelihood of each label, `[n]`. It is kept because it is finite also where the label's
    /// probability is rounded to zero.
    losses: Vec<f64>,
}

/// The network's prediction for one image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction<'a> {
    pub label: usize,
    /// The probability of each class, `[classes]`.
    pub probabilities: &'a [f64],
    loss: f64,
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

    /// Negative log-likelihood of the label, in nats. It is finite even if the label's probability is rounded
    /// to zero.
    pub fn loss(&self) -> f64 {
        self.loss
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
        let (mut labels, mut rows, mut losses) = (Vec::new(), Vec::new(), Vec::new());
        for (image, (label, row)) in logits.rows().enumerate() {
            if !row.iter().all(|logit| logit.is_finite()) {
                return Err(NotFinite { image });
            }
            // `Logits` stores labels as bytes, so the cast changes no label.
            labels.push(label as u8);
            let probabilities = softmax(row);
            losses.push(negative_log_likelihood(probabilities[label], label, row));
            rows.extend(probabilities);
        }
        Ok(Self { classes: logits.classes(), labels, rows, losses })
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
        let rows = mean.rows.chunks_exact(first.classes.max(1));
        mean.losses = rows
            .zip(&first.labels)
            .enumerate()
            .map(|(image, (row, &label))| {
                let probability = row[usize::from(label)];
                if probability.is_normal() { -libm::log(probability) } else { loss_of_mean(networks, image) }
            })
            .collect();
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
        let labels = self.labels.iter().map(|&label| usize::from(label));
        labels.zip(rows).zip(&self.losses).map(|((label, probabilities), &loss)| Prediction {
            label,
            probabilities,
            loss,
        })
    }
}

/// Negative log-likelihood of an image's label for the mean of several networks' probabilities, computed from
/// the networks' losses. It is finite also where each of these probabilities is rounded to zero.
fn loss_of_mean(networks: &[Probabilities], image: usize) -> f64 {
    let losses = networks.iter().map(|network| network.losses[image]);
    let smallest = losses.clone().fold(f64::INFINITY, f64::min);
    let sum: f64 = losses.map(|loss| libm::exp(smallest - loss)).sum();
    smallest - libm::log(sum / networks.len() as f64)
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
    fn a_label_whose_probability_is_rounded_to_zero_has_a_finite_loss() {
        let loss = |p: &Probabilities| p.predictions().next().unwrap().loss();
        let (far, farther) = (of(&[0], &[0.0, 1000.0]), of(&[0], &[0.0, 3000.0]));
        assert_eq!((loss(&far), loss(&farther)), (1000.0, 3000.0));
        // Of the two probabilities in the mean, the second one adds nothing to the first.
        let mean = Probabilities::mean(&[far.clone(), farther]).unwrap();
        assert!((loss(&mean) - (1000.0 + 2f64.ln())).abs() < 1e-12, "{}", loss(&mean));
        assert_eq!(Probabilities::mean(std::slice::from_ref(&far)), Some(far.clone()));
        let half = Probabilities::mean(&[far, of(&[0], &[1000.0, 0.0])]).unwrap();
        assert_eq!(loss(&half).to_bits(), (-(0.5f64.ln())).to_bits());
    }

    #[test]
    fn logits_that_are_not_finite_are_an_error() {
        for broken in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let logits = Logits::new(2, vec![0, 1], vec![0.0, 1.0, broken, 0.0]);
            assert_eq!(Probabilities::new(&logits), Err(NotFinite { image: 1 }));
        }
    }
}
