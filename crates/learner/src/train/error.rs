//! The errors with which training ends early.

use network::TensorsError;
use thiserror::Error;

/// Why training ended early.
#[derive(Debug, Error)]
pub enum FitError {
    #[error(
        "{what} is {value} at step {step} (epoch {epoch}), where the learning rate is {learning_rate:.3e}; \
         a lower train.learning_rate or a larger train.warmup_fraction usually helps"
    )]
    NotFinite { what: &'static str, value: f64, epoch: usize, step: usize, learning_rate: f64 },
    #[error("found {train} images to train on and {validation} to validate on, expected at least 1 of each")]
    Empty { train: usize, validation: usize },
    #[error(
        "the checkpoint's training state (epoch {epoch}, step {step}) does not fit this run of {steps_per_epoch} \
         steps per epoch; the checkpoint belongs to another run"
    )]
    State { epoch: usize, step: usize, steps_per_epoch: usize },
    #[error(
        "train.shards = {shards} does not divide the only batch of each epoch, which is the whole training set of \
         {batch_size} images; a smaller train.batch_size leaves batches that it divides"
    )]
    Shards { shards: usize, batch_size: usize },
    #[error(
        "{processes} processes train together, which has to be a power of two and at most train.shards = {shards}"
    )]
    Processes { processes: usize, shards: usize },
    #[error("what process 0 has sent cannot be read: {0}")]
    Received(String),
    #[error(transparent)]
    Tensors(#[from] TensorsError),
    #[error("the run's events and checkpoints cannot be saved")]
    Observer(#[from] std::io::Error),
}
