//! The logits of a network for a set of images, together with the images' labels.

/// Logits for a set of images, together with the images' labels.
#[derive(Clone, Debug, PartialEq)]
pub struct Logits {
    classes: usize,
    labels: Vec<u8>,
    /// `[n, classes]`, row by row.
    logits: Vec<f32>,
}

impl Logits {
    /// Takes labels `[n]` and logits `[n, classes]`, row by row.
    ///
    /// # Panics
    /// If there is not one row of logits for each label, or if a label is not below `classes`.
    pub fn new(classes: usize, labels: Vec<u8>, logits: Vec<f32>) -> Self {
        assert_eq!(logits.len(), labels.len() * classes, "each label needs one row of {classes} logits");
        assert!(labels.iter().all(|&label| usize::from(label) < classes), "labels must be below {classes}");
        Self { classes, labels, logits }
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

    /// The label and the logits `[classes]` of each image, in the order of the images.
    pub fn rows(&self) -> impl Iterator<Item = (usize, &[f32])> {
        self.labels.iter().map(|&label| usize::from(label)).zip(self.logits.chunks_exact(self.classes))
    }
}

/// The probabilities of one row of logits, in `f64`.
pub fn softmax(logits: &[f32]) -> Vec<f64> {
    let largest = f64::from(logits.iter().copied().fold(f32::NEG_INFINITY, f32::max));
    let exponentials: Vec<f64> = logits.iter().map(|&x| libm::exp(f64::from(x) - largest)).collect();
    let sum: f64 = exponentials.iter().sum();
    exponentials.into_iter().map(|e| e / sum).collect()
}

/// Negative log-likelihood of the label, in nats. `probability` is the label's softmax.
///
/// A label whose logit is far below the largest one has a probability that `f64` cannot hold: it is rounded to
/// zero from a distance of about 745 on. The loss is then the distance itself, which the logits give exactly.
pub fn negative_log_likelihood(probability: f64, label: usize, logits: &[f32]) -> f64 {
    if probability.is_normal() {
        return -libm::log(probability);
    }
    let largest = f64::from(logits.iter().copied().fold(f32::NEG_INFINITY, f32::max));
    let sum: f64 = logits.iter().map(|&x| libm::exp(f64::from(x) - largest)).sum();
    (largest - f64::from(logits[label])) + libm::log(sum)
}

/// The class with the largest logit. If several logits are equally large, it is the first of them.
pub fn argmax(logits: &[f32]) -> usize {
    (1..logits.len()).fold(0, |best, i| if logits[i] > logits[best] { i } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn softmax_survives_large_logits_and_sums_to_one() {
        let p = softmax(&[1000.0, 1000.0, -1000.0]);
        assert_eq!(p, [0.5, 0.5, 0.0]);
        let p = softmax(&[0.3, -1.2, 2.0, 0.0]);
        assert!((p.iter().sum::<f64>() - 1.0).abs() < 1e-15);
        assert!((p[2] / p[3] - 2f64.exp()).abs() < 1e-12);
    }

    #[test]
    fn the_loss_is_finite_where_the_probability_is_rounded_to_zero() {
        let loss =
            |label: usize, logits: &[f32]| negative_log_likelihood(softmax(logits)[label], label, logits);
        assert_eq!(loss(0, &[0.0, 1000.0, 1.0]), 1000.0);
        assert_eq!(loss(1, &[0.0, 1000.0, 1.0]), 0.0);
        assert!((loss(0, &[0.0, 2000.0, 2000.0]) - (2000.0 + 2f64.ln())).abs() < 1e-12);
        assert_eq!(loss(0, &[-f32::MAX, f32::MAX]), 2.0 * f64::from(f32::MAX));
        // The two formulas meet where the probability is the smallest number of full precision.
        let distances = [707.0, 708.0, 708.5, 709.0, 720.0, 744.0, 745.0, 746.0, 800.0];
        assert!(distances.iter().all(|&d| (loss(0, &[0.0, d]) - f64::from(d)).abs() < 1e-12));
        assert!(loss(0, &[f32::NAN, 0.0]).is_nan() && loss(0, &[0.0, f32::NAN]).is_nan());
        assert_eq!(loss(0, &[f32::NEG_INFINITY, 0.0]), f64::INFINITY);
    }

    #[test]
    fn argmax_is_the_first_of_equally_large_logits() {
        assert_eq!(argmax(&[1.0, 3.0, 3.0]), 1);
        assert_eq!(argmax(&[0.0; 4]), 0);
    }
}
