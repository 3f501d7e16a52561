//! The logging window: on a GPU, losses and predictions stay on the device and are fetched once for each window.

use burn::tensor::{Int, Tensor};

use crate::train::state::RunningMetrics;

/// The metrics of a logging window. To read a value from a GPU, the program has to wait for the GPU. So each
/// step leaves its loss and its predictions on the device, and the window fetches those of all its steps
/// together. On a CPU there is nothing to wait for.
#[derive(Default)]
pub(crate) struct Window {
    /// The metrics of the steps that were fetched. `images` also counts the other steps' images.
    fetched: RunningMetrics,
    /// The losses that are not fetched yet, each `[1]`.
    losses: Vec<Tensor<1>>,
    /// The predicted classes that are not fetched yet, each `[n]`.
    predicted: Vec<Tensor<1, Int>>,
    /// The labels of these predictions.
    labels: Vec<u8>,
}

impl Window {
    /// Continues the window that was under way when the run was interrupted.
    pub(crate) fn resume(metrics: RunningMetrics) -> Self {
        Self { fetched: metrics, ..Self::default() }
    }

    /// Number of steps in the window.
    pub(crate) fn len(&self) -> usize {
        self.fetched.losses.len() + self.losses.len()
    }

    /// Adds a step's loss `[1]` and logits `[n, classes]` with their labels.
    pub(crate) fn push(&mut self, loss: Tensor<1>, logits: Tensor<2>, labels: &[u8]) {
        let [n, _classes] = logits.dims();
        let (loss, logits) = (loss.inner(), logits.inner());
        if let Some((loss, hits)) = on_host(&loss, &logits, labels) {
            return self.push_metrics(loss, n, hits);
        }
        self.fetched.images += n;
        // [n, classes] -> [n, 1] -> [n]
        self.predicted.push(logits.argmax(1).reshape([n]));
        self.losses.push(loss);
        self.labels.extend_from_slice(labels);
    }

    /// Adds the metrics of a step that are on the host already.
    pub(crate) fn push_metrics(&mut self, loss: f64, images: usize, hits: usize) {
        self.fetched.losses.push(loss);
        self.fetched.images += images;
        self.fetched.hits += hits;
    }

    /// Fetches the metrics that are still on the device, and returns those of all steps of the window.
    pub(crate) fn fetch(&mut self) -> &RunningMetrics {
        if !self.losses.is_empty() {
            let losses = Tensor::cat(std::mem::take(&mut self.losses), 0).into_data();
            let predicted = Tensor::cat(std::mem::take(&mut self.predicted), 0).into_data();
            let labels = std::mem::take(&mut self.labels);
            self.fetched.losses.extend(losses.iter::<f64>());
            let pairs = predicted.iter::<i64>().zip(labels);
            self.fetched.hits += pairs.filter(|(class, label)| *class == i64::from(*label)).count();
        }
        &self.fetched
    }

    /// Returns the metrics of all steps of the window, and leaves an empty window.
    pub(crate) fn take(&mut self) -> RunningMetrics {
        self.fetch();
        std::mem::take(&mut self.fetched)
    }
}

/// A loss `[1]` and how many of the logits `[n, classes]` are right, wherever these are. This waits for a GPU.
pub(super) fn loss_and_hits(loss: Tensor<1>, logits: Tensor<2>, labels: &[u8]) -> (f64, usize) {
    let (loss, logits) = (loss.inner(), logits.inner());
    on_host(&loss, &logits, labels).unwrap_or_else(|| {
        let [_n, classes] = logits.dims();
        let logits: Vec<f32> = logits.into_data().iter().collect();
        (loss.into_scalar(), hits(&logits, classes, labels))
    })
}

/// The same, if the tensors are in the memory of the CPU.
fn on_host(loss: &Tensor<1>, logits: &Tensor<2>, labels: &[u8]) -> Option<(f64, usize)> {
    let [_n, classes] = logits.dims();
    let loss = ops::on_host(loss, |loss| f64::from(loss[0]))?;
    Some((loss, ops::on_host(logits, |logits| hits(logits, classes, labels))?))
}

/// How many rows of logits have their largest value at their label. Of equal values the first one counts.
fn hits(logits: &[f32], classes: usize, labels: &[u8]) -> usize {
    let is_hit = |(row, label): (&[f32], &u8)| {
        let label = usize::from(*label);
        let value = row[label];
        row[..label].iter().all(|other| *other < value) && row[label..].iter().all(|other| *other <= value)
    };
    logits.chunks_exact(classes).zip(labels).filter(|pair| is_hit(*pair)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_a_hit_if_its_first_largest_value_is_at_the_label() {
        let logits = [[0.0, 2.0, 2.0], [3.0, 1.0, f32::NAN], [-1.0, -2.0, -1.0]].concat();
        assert_eq!([hits(&logits, 3, &[1, 0, 2]), hits(&logits, 3, &[2, 1, 0])], [1, 1]);
    }
}
