//! The logging window: losses and hits are collected on the device and fetched a window at a time.

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{ElementConversion, Int, Tensor};
use model::Cnn;

use crate::train::state::RunningMetrics;

/// The steps of a logging window. Reading a value from a GPU waits for it, so each step leaves its
/// loss there, and the window fetches all of them together.
#[derive(Default)]
pub(crate) struct Window {
    fetched: RunningMetrics,
    /// Losses of the steps that are not fetched yet, each `[1]`.
    losses: Vec<Tensor<1>>,
    hits: Vec<Tensor<1, Int>>,
}

impl Window {
    /// Continues a window that was under way when the run was interrupted.
    pub(crate) fn resume(metrics: RunningMetrics) -> Self {
        Self { fetched: metrics, ..Self::default() }
    }

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

    /// The running metrics so far, fetched from the device.
    pub(crate) fn fetch(&mut self) -> &RunningMetrics {
        if !self.losses.is_empty() {
            let losses = Tensor::cat(std::mem::take(&mut self.losses), 0).into_data();
            let hits = Tensor::cat(std::mem::take(&mut self.hits), 0).sum().into_scalar::<i64>();
            self.fetched.losses.extend(losses.iter::<f64>());
            self.fetched.hits += usize::try_from(hits).unwrap_or(0);
        }
        &self.fetched
    }

    /// Takes the running metrics out and leaves an empty window.
    pub(crate) fn take(&mut self) -> RunningMetrics {
        self.fetch();
        std::mem::take(&mut self.fetched)
    }
}

/// Euclidean norm of all gradients together.
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
