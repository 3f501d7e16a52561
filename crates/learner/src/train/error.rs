//! Why training ends early.

use network::TensorsError;
use thiserror::Error;

/// Why training ended early.
#[derive(Debug, Error)]
pub enum FitError {
    #[error(
        "{what} is {value} at step {step} (epoch {epoch}), where the learning rate is {learning_rate:.3e}; a lower train.learning_rate or a longer train.warmup_fraction usually helps"
    )]
    NotFinite { what: &'static str, value: f64, epoch: usize, step: usize, learning_rate: f64 },
    #[error("found {train} images to train on and {validation} to validate, expected at least 1 of each")]
    Empty { train: usize, validation: usize },
    #[error(
        "the checkpoint stands at step {step} of epoch {epoch}, which does not fit {steps_per_epoch} steps an epoch; it is of another run"
    )]
    State { epoch: usize, step: usize, steps_per_epoch: usize },
    #[error(transparent)]
    Tensors(#[from] TensorsError),
    #[error("the run's results cannot be kept")]
    Observer(#[from] std::io::Error),
}
