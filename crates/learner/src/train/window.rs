//! The logging window: losses and hits stay on the device and are fetched once for each window.

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{ElementConversion, Int, Tensor};
use model::Cnn;

use crate::train::state::RunningMetrics;

/// The metrics of a logging window. To read a value from a GPU, the program has to wait for the GPU. So each
/// step leaves its loss and its hits on the device, and the window fetches those of all its steps together.
#[derive(Default)]
pub(crate) struct Window {
    /// The metrics of the steps that were fetched. `images` also counts the other steps' images.
    fetched: RunningMetrics,
    /// The losses that are not fetched yet, each `[1]`.
    losses: Vec<Tensor<1>>,
    /// The numbers of correctly classified images that are not fetched yet, each `[1]`.
    hits: Vec<Tensor<1, Int>>,
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

    /// Adds a step's loss `[1]` and logits `[n, classes]` with their labels `[n]`.
    pub(crate) fn push(&mut self, loss: &Tensor<1>, logits: Tensor<2>, labels: Tensor<1, Int>) {
        let [n, _classes] = logits.dims();
        // [n, classes] -> [n, 1] -> [n]
        let predicted = logits.inner().argmax(1).reshape([n]);
        self.losses.push(loss.clone().inner());
        self.hits.push(predicted.equal(labels.inner()).int().sum());
        self.fetched.images += n;
    }

    /// Fetches the metrics that are still on the device, and returns those of all steps of the window.
    pub(crate) fn fetch(&mut self) -> &RunningMetrics {
        if !self.losses.is_empty() {
            let losses = Tensor::cat(std::mem::take(&mut self.losses), 0).into_data();
            let hits = Tensor::cat(std::mem::take(&mut self.hits), 0).sum().into_scalar::<i64>();
            self.fetched.losses.extend(losses.iter::<f64>());
            self.fetched.hits += usize::try_from(hits).unwrap_or(0);
        }
        &self.fetched
    }

    /// Returns the metrics of all steps of the window, and leaves an empty window.
    pub(crate) fn take(&mut self) -> RunningMetrics {
        self.fetch();
        std::mem::take(&mut self.fetched)
    }
}

/// The Euclidean norm of all gradients together.
pub(crate) fn gradient_norm(model: &Cnn, gradients: &GradientsParams) -> f64 {
    struct SumOfSquares<'a>(&'a GradientsParams, f64);
    impl ModuleVisitor for SumOfSquares<'_> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if let Some(gradient) = self.0.get::<D>(param.id) {
                self.1 += gradient.square().sum().into_scalar::<f32>().elem::<f64>();
            }
        }
    }
    let mut sum = SumOfSquares(gradients, 0.0);
    model.visit(&mut sum);
    sum.1.sqrt()
}
