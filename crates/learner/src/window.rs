//! Losses and hits since the last look: collected on the device, read a window at a time.

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{ElementConversion, Int, Tensor};
use model::Cnn;

/// The steps since the last look. Reading a value from a GPU waits for it, so each step
/// leaves its loss there and the window fetches them together.
#[derive(Default)]
pub(crate) struct Window {
    losses: Vec<Tensor<1>>,
    hits: Vec<Tensor<1, Int>>,
    pictures: usize,
}

/// A window's figures.
pub(crate) struct Figures {
    /// Of each step, in order.
    pub losses: Vec<f64>,
    pub hits: usize,
    pub pictures: usize,
}

impl Window {
    pub(crate) fn len(&self) -> usize {
        self.losses.len()
    }

    /// Adds a step's loss `[1]` and logits `[n, classes]` with their labels `[n]`.
    pub(crate) fn push(&mut self, loss: &Tensor<1>, logits: Tensor<2>, labels: Tensor<1, Int>) {
        let [n, _classes] = logits.dims();
        // [n, classes] -> [n, 1] -> [n]
        let predicted = logits.inner().argmax(1).reshape([n]);
        self.losses.push(loss.clone().inner());
        self.hits.push(predicted.equal(labels.inner()).int().sum());
        self.pictures += n;
    }

    /// Fetches the figures and empties the window.
    pub(crate) fn take(&mut self) -> Figures {
        let taken = std::mem::take(self);
        if taken.losses.is_empty() {
            return Figures { losses: Vec::new(), hits: 0, pictures: 0 };
        }
        let losses = Tensor::cat(taken.losses, 0).into_data();
        let hits = Tensor::cat(taken.hits, 0).sum().into_scalar::<i64>();
        Figures {
            losses: losses.iter::<f64>().collect(),
            hits: usize::try_from(hits).unwrap_or(0),
            pictures: taken.pictures,
        }
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
