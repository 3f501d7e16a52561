//! What changes in the course of a run: the network, its optimizer, its averaged weights, and the training state.

use burn::module::Module;
use burn::tensor::{Device, Gradients};
use model::Cnn;
use network::{Architecture, NamedTensors, TensorsError};

use crate::config::TrainConfig;
use crate::config::checkpoint_size::TRAINED;
use crate::random::{Stream, generator};
use crate::train::averaging::Averaged;
use crate::train::optimizer::ModelOptimizer;
use crate::train::state::{Snapshot, TrainingState};

/// The network in training, with everything that a step changes.
pub(crate) struct Learner {
    /// The network whose weights the next step changes.
    pub(crate) model: Cnn,
    optimizer: ModelOptimizer,
    /// Only with `train.ema_decay`.
    averaged: Option<Averaged>,
    pub(crate) state: TrainingState,
}

impl Learner {
    /// A network with random weights, or the one of the snapshot, which may be of the run's start.
    pub(crate) fn new(
        architecture: &Architecture,
        config: &TrainConfig,
        resume: Option<Snapshot>,
        device: &Device,
    ) -> Result<Self, TensorsError> {
        let training = device.clone().autodiff();
        let averaged = |weights: &NamedTensors| {
            let model = (config.ema_decay > 0.0).then(|| Cnn::new(architecture, weights, device)).transpose();
            Ok(model?.map(|model| Averaged::new(config.ema_decay, model)))
        };
        let (start, resume) = match resume {
            Some(snapshot) if snapshot.is_of_start() => (Some(snapshot.weights), None),
            resume => (None, resume),
        };
        let Some(Snapshot { state, weights, optimizer: kept }) = resume else {
            let weights = start.unwrap_or_else(|| first_weights(architecture, config.seed));
            let model = Cnn::new(architecture, &weights, &training)?;
            let optimizer = ModelOptimizer::new(config, &model, device);
            return Ok(Self {
                model,
                optimizer,
                averaged: averaged(&weights)?,
                state: TrainingState::default(),
            });
        };
        let averaged = averaged(&weights)?;
        let (trained, kept) = if averaged.is_some() { without_trained(&kept) } else { (weights, kept) };
        let model = Cnn::new(architecture, &trained, &training)?;
        let optimizer = ModelOptimizer::restore(config, &model, &kept, state.step, device)?;
        Ok(Self { model, optimizer, averaged, state })
    }

    /// Changes the weights by their gradients, which are multiplied by `gradient_scale` first, at this learning
    /// rate. The state has counted the step already.
    pub(crate) fn step(self, rate: f64, gradients: Gradients, gradient_scale: f32) -> Self {
        let Self { model, mut optimizer, averaged, state } = self;
        let model = optimizer.step(rate, model, gradients, gradient_scale);
        let averaged = averaged.map(|averaged| averaged.with(&model, state.step));
        Self { model, optimizer, averaged, state }
    }

    /// The network to validate: with averaged weights if the run averages them. It is without autodiff.
    pub(crate) fn predictor(&self) -> Cnn {
        self.averaged.as_ref().map_or_else(|| self.model.valid(), |averaged| averaged.model.clone())
    }

    /// A snapshot of the run. Its training state is without the logging window under way.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let (mut weights, mut optimizer) = (self.model.weights(), self.optimizer.state());
        if let Some(averaged) = &self.averaged {
            for (name, shape, values) in weights.iter() {
                optimizer.insert(format!("{name}{TRAINED}"), shape.to_vec(), values.to_vec());
            }
            weights = averaged.model.weights();
        }
        Snapshot { state: self.state.clone(), weights, optimizer }
    }
}

/// The random weights that a run with this seed begins with.
pub(crate) fn first_weights(architecture: &Architecture, seed: u64) -> NamedTensors {
    architecture.initial_tensors(&mut generator(seed, Stream::Weights, 0, 0))
}

/// The weights that training goes on with, and the optimizer's state, which a snapshot keeps together.
fn without_trained(kept: &NamedTensors) -> (NamedTensors, NamedTensors) {
    let (mut trained, mut state) = (NamedTensors::default(), NamedTensors::default());
    for (name, shape, values) in kept.iter() {
        let (tensors, name) = match name.strip_suffix(TRAINED) {
            Some(name) => (&mut trained, name),
            None => (&mut state, name),
        };
        tensors.insert(name.to_owned(), shape.to_vec(), values.to_vec());
    }
    (trained, state)
}
