//! Weight averaging: an exponential moving average of the weights over the steps of training.
//!
//! The averaged network usually predicts better than the one in training, whose weights still jump with each
//! batch (Polyak and Juditsky 1992). So a run validates, saves and tests the averaged weights, and goes on training
//! with the others.

use std::any::Any;
use std::collections::VecDeque;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::Tensor;
use model::Cnn;

/// A network whose weights are averages of those of the network in training.
pub(crate) struct Averaged {
    decay: f64,
    pub(crate) model: Cnn,
}

impl Averaged {
    /// The averages so far are the weights of `model`, which is without autodiff.
    pub(crate) fn new(decay: f64, model: Cnn) -> Self {
        Self { decay, model }
    }

    /// Adds the weights of `model` to the averages after so many steps of the run.
    ///
    /// In the first steps the averages keep less than `train.ema_decay`, because the weights before them are still
    /// far from good: after `t` steps they keep at most `(1 + t) / (10 + t)`, as TensorFlow's do.
    ///
    /// The statistics of batch normalization are averaged as well, although they are averages already. They
    /// belong to the feature maps of the same steps as the averaged weights.
    pub(crate) fn with(self, model: &Cnn, steps: usize) -> Self {
        let first = (1.0 + steps as f64) / (10.0 + steps as f64);
        let share = (1.0 - self.decay.min(first)) as f32;
        let mut newest = Newest(VecDeque::new());
        // Batch normalization keeps its newest statistics aside until `valid` is called.
        model.valid().visit(&mut newest);
        Self { decay: self.decay, model: self.model.map(&mut Average { share, newest: newest.0 }) }
    }
}

/// Collects the tensors of a network in the order of its parameters.
struct Newest(VecDeque<Box<dyn Any>>);

impl ModuleVisitor for Newest {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0.push_back(Box::new(param.val()));
    }
}

/// Moves each parameter of a network towards the newest one at the same place.
struct Average {
    share: f32,
    newest: VecDeque<Box<dyn Any>>,
}

impl ModuleMapper for Average {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        // Both networks have the same parameters in the same order.
        let newest = self.newest.pop_front().and_then(|newest| newest.downcast::<Tensor<D>>().ok());
        let Some(newest) = newest else { return param };
        param.map(|averages| ops::average(averages, *newest, self.share))
    }
}
