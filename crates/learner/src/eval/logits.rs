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
    let exponentials: Vec<f64> = logits.iter().map(|&x| (f64::from(x) - largest).exp()).collect();
    let sum: f64 = exponentials.iter().sum();
    exponentials.into_iter().map(|e| e / sum).collect()
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
    fn argmax_is_the_first_of_equally_large_logits() {
        assert_eq!(argmax(&[1.0, 3.0, 3.0]), 1);
        assert_eq!(argmax(&[0.0; 4]), 0);
    }
}
