//! The training loop.

use burn::module::Module;
use burn::nn::loss::CrossEntropyLossConfig;
use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::store::RecordError;
use burn::tensor::{Device, Int, Tensor, TensorData};
use dataset::{Batch, Subset, TrainSet, ValidationSet};
use model::weights::WeightsError;
use model::{Architecture, Cnn, Weights, preprocess};
use thiserror::Error;

use crate::checkpoint::{Best, EpochSums, Position, Snapshot};
use crate::config::TrainConfig;
use crate::evaluate::predict;
use crate::event::{EpochEvent, Event, Observer, StepEvent};
use crate::metrics::Score;
use crate::optimizer;
use crate::random::{Stream, generator};
use crate::schedule::learning_rate;
use crate::window::{Window, gradient_norm};

/// Why a run ended early.
#[derive(Debug, Error)]
pub enum FitError {
    #[error(
        "{what} is {value} at step {step} (epoch {epoch}), where the learning rate is {learning_rate:.3e}; a lower train.learning_rate or a longer train.warmup_fraction usually helps"
    )]
    NotFinite { what: &'static str, value: f64, epoch: usize, step: usize, learning_rate: f64 },
    #[error("found {train} pictures to train on and {validation} to validate, expected at least 1 of each")]
    Empty { train: usize, validation: usize },
    #[error(transparent)]
    Weights(#[from] WeightsError),
    #[error("the optimizer's state cannot be written")]
    Optimizer(#[from] RecordError),
    #[error("the run's results cannot be kept")]
    Observer(#[from] std::io::Error),
}

/// Trains a new network on `train`, validating on `validation` after each epoch.
///
/// Each epoch visits the pictures in a new order, in batches of `batch_size`; what is left
/// over waits for another epoch's order, so that every batch has one shape. The observer gets
/// the events, and a snapshot after each epoch (the best marked as such) and every
/// `checkpoint_every_steps`. With the same seed the result has the same bits on a CPU.
///
/// # Errors
/// If a loss or gradient is not finite, or the observer cannot keep what it is given.
pub fn fit(
    architecture: &Architecture,
    config: &TrainConfig,
    train: &TrainSet,
    validation: &ValidationSet,
    device: &Device,
    observer: &mut dyn Observer,
) -> Result<Best, FitError> {
    let training_device = device.clone().autodiff();
    let first_weights = Weights::initial(architecture, &mut generator(config.seed, Stream::Weights, 0, 0));
    let mut model = Cnn::new(architecture, &first_weights, &training_device)?;
    let mut optimizer = optimizer::build(config);
    let smoothing = (config.label_smoothing > 0.0).then_some(config.label_smoothing as f32);
    let loss_function = CrossEntropyLossConfig::new().with_smoothing(smoothing).init(&training_device);

    let plan = Plan::new(config, train, validation)?;
    let mut at = Position::default();
    let mut batch = Batch::default();
    let mut window = Window::default();
    observer.event(&plan.start_event())?;

    for epoch in 1..=plan.epochs {
        at.begin_epoch(epoch);
        let mut shuffle = generator(config.seed, Stream::Shuffle, epoch as u64, 0);
        let order = dataset::shuffled(plan.train, &mut shuffle);
        for positions in order.chunks_exact(plan.batch_size) {
            train.subset().gather(positions, &mut batch);
            let (images, labels) = to_tensors(&batch, &training_device);
            let mut dropout = generator(config.seed, Stream::Dropout, epoch as u64, at.step as u64);

            let logits = model.forward_train(images, &mut dropout);
            let loss = loss_function.forward(logits.clone(), labels.clone());
            let gradients = GradientsParams::from_grads(loss.backward(), &model);
            let rate = learning_rate(config, at.step, plan.total_steps());
            at.step += 1;
            window.push(&loss, logits, labels);
            if plan.look_due(&at, window.len()) {
                // Before the step: a gradient that is not finite must not reach a checkpoint.
                let norm = gradient_norm(&model, &gradients);
                observer.event(&Event::Step(look(&mut window, &mut at, norm, rate)?))?;
            }
            model = optimizer.step(rate, model, gradients);
            observer.step();
            if plan.checkpoint_due(&at) {
                observer.checkpoint(&snapshot(&at, architecture, &model, &optimizer, false)?)?;
            }
        }
        let score = validate(&model, validation, config, device, &at)?;
        let is_best = at.end_epoch(score);
        observer.event(&Event::Epoch(epoch_event(&at, score, is_best)))?;
        observer.checkpoint(&snapshot(&at, architecture, &model, &optimizer, is_best)?)?;
    }
    // There is at least one epoch, so there is a best one.
    let best = at.best.unwrap_or_default();
    let Best { epoch: best_epoch, score: Score { accuracy: best_accuracy, loss: best_loss } } = best;
    observer.event(&Event::Finish { best_epoch, best_accuracy, best_loss })?;
    Ok(best)
}

/// How many pictures, steps and epochs there are, and when something is due.
struct Plan {
    epochs: usize,
    batch_size: usize,
    steps_per_epoch: usize,
    train: usize,
    validation: usize,
    log_every: usize,
    checkpoint_every: usize,
}

impl Plan {
    fn new(config: &TrainConfig, train: &TrainSet, validation: &ValidationSet) -> Result<Self, FitError> {
        let (train, validation) = (train.subset().len(), validation.subset().len());
        if train == 0 || validation == 0 {
            return Err(FitError::Empty { train, validation });
        }
        let batch_size = config.batch_size.get().min(train);
        Ok(Self {
            epochs: config.epochs.get(),
            batch_size,
            steps_per_epoch: train / batch_size,
            train,
            validation,
            log_every: config.log_every_steps.get(),
            checkpoint_every: config.checkpoint_every_steps,
        })
    }

    fn total_steps(&self) -> usize {
        self.epochs * self.steps_per_epoch
    }

    fn start_event(&self) -> Event {
        let &Self { epochs, steps_per_epoch, batch_size, train, validation, .. } = self;
        Event::Start { epochs, steps_per_epoch, batch_size, train, validation }
    }

    fn is_last_of_epoch(&self, at: &Position) -> bool {
        at.step == at.epoch * self.steps_per_epoch
    }

    /// In the course of an epoch; one at its end is always written.
    fn checkpoint_due(&self, at: &Position) -> bool {
        let is_due = self.checkpoint_every > 0 && at.step.is_multiple_of(self.checkpoint_every);
        is_due && !self.is_last_of_epoch(at)
    }

    fn look_due(&self, at: &Position, window: usize) -> bool {
        window == self.log_every || self.is_last_of_epoch(at) || self.checkpoint_due(at)
    }
}

fn epoch_event(at: &Position, score: Score, is_best: bool) -> EpochEvent {
    EpochEvent {
        epoch: at.epoch,
        step: at.step,
        train_loss: at.sums.mean_loss(),
        train_accuracy: at.sums.accuracy(),
        validation_loss: score.loss,
        validation_accuracy: score.accuracy,
        is_best,
    }
}

/// Images `[n, 1, height, width]` and labels `[n]` of a batch.
fn to_tensors(batch: &Batch, device: &Device) -> (Tensor<4>, Tensor<1, Int>) {
    let n = batch.labels.len();
    let images = preprocess::to_input(&batch.pixels, n, batch.height, batch.width, device);
    let labels: Vec<i32> = batch.labels.iter().map(|&label| i32::from(label)).collect();
    (images, Tensor::from_data(TensorData::new(labels, [n]), device))
}

/// Reads the window, adds it to the epoch's sums, and checks that all of it is finite.
fn look(window: &mut Window, at: &mut Position, norm: f64, rate: f64) -> Result<StepEvent, FitError> {
    let figures = window.take();
    let steps = figures.losses.len();
    let not_finite =
        |what, value, step| FitError::NotFinite { what, value, epoch: at.epoch, step, learning_rate: rate };
    if let Some(i) = figures.losses.iter().position(|loss| !loss.is_finite()) {
        return Err(not_finite("the loss", figures.losses[i], at.step - steps + 1 + i));
    }
    if !norm.is_finite() {
        return Err(not_finite("the gradients' norm", norm, at.step));
    }
    let loss: f64 = figures.losses.iter().sum();
    at.sums.add(&EpochSums { loss, steps, hits: figures.hits, pictures: figures.pictures });
    Ok(StepEvent {
        epoch: at.epoch,
        step: at.step,
        loss: loss / steps.max(1) as f64,
        accuracy: figures.hits as f64 / figures.pictures.max(1) as f64,
        learning_rate: rate,
        gradient_norm: norm,
    })
}

fn validate(
    model: &Cnn,
    validation: &ValidationSet,
    config: &TrainConfig,
    device: &Device,
    at: &Position,
) -> Result<Score, FitError> {
    let pictures: &Subset = validation.subset();
    let score = Score::new(&predict(&model.valid(), pictures, device, &mut |_| ()));
    if score.loss.is_finite() {
        return Ok(score);
    }
    let learning_rate = learning_rate(config, at.step.saturating_sub(1), at.step);
    Err(FitError::NotFinite {
        what: "the validation loss",
        value: score.loss,
        epoch: at.epoch,
        step: at.step,
        learning_rate,
    })
}

fn snapshot(
    at: &Position,
    architecture: &Architecture,
    model: &Cnn,
    optimizer: &ModuleOptimizer,
    is_best: bool,
) -> Result<Snapshot, FitError> {
    let weights = model.weights();
    weights.check(architecture)?;
    let optimizer = optimizer.into_bytes()?.to_vec();
    Ok(Snapshot { position: *at, weights, optimizer, is_best })
}
