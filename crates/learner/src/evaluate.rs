//! A network's answers to a set of pictures.

use burn::tensor::Device;
use dataset::{Batch, Subset};
use model::{Cnn, input};

/// Pictures a forward pass; small enough for a laptop's memory, large enough to be fast.
const BATCH_SIZE: usize = 500;

/// Logits beside the labels that were expected.
#[derive(Clone, Debug, PartialEq)]
pub struct Predictions {
    classes: usize,
    labels: Vec<u8>,
    /// `[n, classes]`, row by row.
    logits: Vec<f32>,
}

impl Predictions {
    /// Predictions from labels `[n]` and logits `[n, classes]`, row by row.
    ///
    /// # Panics
    /// If their lengths do not fit, or a label is no class.
    pub fn new(classes: usize, labels: Vec<u8>, logits: Vec<f32>) -> Self {
        assert_eq!(logits.len(), labels.len() * classes, "one row of logits a label");
        assert!(labels.iter().all(|&label| usize::from(label) < classes), "labels below {classes}");
        Self { classes, labels, logits }
    }

    pub fn classes(&self) -> usize {
        self.classes
    }

    pub fn len(&self) -> usize {
        self.labels.len()
    }

    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Label and logits of each picture.
    pub fn rows(&self) -> impl Iterator<Item = (usize, &[f32])> {
        self.labels.iter().map(|&label| usize::from(label)).zip(self.logits.chunks_exact(self.classes))
    }
}

/// Probabilities from one row of logits, in `f64`.
pub fn softmax(logits: &[f32]) -> Vec<f64> {
    let largest = f64::from(logits.iter().copied().fold(f32::NEG_INFINITY, f32::max));
    let exponentials: Vec<f64> = logits.iter().map(|&x| (f64::from(x) - largest).exp()).collect();
    let sum: f64 = exponentials.iter().sum();
    exponentials.into_iter().map(|e| e / sum).collect()
}

/// The class with the largest logit; the first of equals.
pub fn argmax(logits: &[f32]) -> usize {
    (1..logits.len()).fold(0, |best, i| if logits[i] > logits[best] { i } else { best })
}

/// Runs a network over pictures; `progress` hears how many are done.
///
/// `model` must be on `device`, without autodiff (see `Module::valid`).
pub fn predict(
    model: &Cnn,
    pictures: &Subset,
    device: &Device,
    progress: &mut dyn FnMut(usize),
) -> Predictions {
    let n = pictures.len();
    let classes = pictures.classes();
    let mut labels = Vec::with_capacity(n);
    let mut logits = Vec::with_capacity(n * classes);
    let mut batch = Batch::default();
    let positions: Vec<u32> = (0..n as u32).collect();
    let batch_size = BATCH_SIZE.min(n).max(1);
    for part in positions.chunks(batch_size) {
        pictures.gather(part, &mut batch);
        labels.extend_from_slice(&batch.labels);
        // A GPU compiles its kernels for each shape anew: the last batch is filled up with
        // empty pictures, whose answers are dropped.
        batch.pixels.resize(batch_size * batch.height * batch.width, 0);
        let images = input::to_input(&batch.pixels, batch_size, batch.height, batch.width, device);
        let answers = model.forward(images).into_data();
        logits.extend(answers.iter::<f32>().take(part.len() * classes));
        progress(labels.len());
    }
    Predictions::new(classes, labels, logits)
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
    fn the_first_of_equal_logits_wins() {
        assert_eq!(argmax(&[1.0, 3.0, 3.0]), 1);
        assert_eq!(argmax(&[0.0; 4]), 0);
    }
}
