//! The training loop.

use burn::module::Module;
use burn::nn::loss::CrossEntropyLossConfig;
use burn::optim::GradientsParams;
use burn::tensor::{Device, Int, Tensor, TensorData};
use dataset::{Batch, TrainSet, ValidationSet};
use model::weights::WeightsError;
use model::{Architecture, Cnn, Weights, preprocess};
use run_files::{EpochEvent, Event, FinishEvent, StartEvent, StepEvent};
use thiserror::Error;

use crate::config::TrainConfig;
use crate::evaluate::{Predictions, predict};
use crate::event::Observer;
use crate::metrics::Score;
use crate::optimizer::ModelOptimizer;
use crate::random::{Stream, generator};
use crate::schedule::learning_rate;
use crate::snapshot::{Best, Position, Snapshot};
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
    #[error(
        "the checkpoint stands at step {step} of epoch {epoch}, which does not fit {steps_per_epoch} steps an epoch; it is of another run"
    )]
    Position { epoch: usize, step: usize, steps_per_epoch: usize },
    #[error(transparent)]
    Weights(#[from] WeightsError),
    #[error("the run's results cannot be kept")]
    Observer(#[from] std::io::Error),
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// All epochs are done, or `train.patience` ended them.
    Finished(Best),
    /// The observer asked for an end; the last checkpoint stands at this position.
    Stopped(Position),
}

/// Trains a network on `train`, validating on `validation` after each epoch.
///
/// Each epoch visits the pictures in a new order, in batches of `batch_size`; what is left
/// over waits for another epoch's order, so that every batch has one shape. The observer gets
/// the events, and a snapshot after each epoch and every `checkpoint_every_steps`. With the same
/// seed the result has the same bits on a CPU, and so has a run that goes on from a snapshot.
///
/// # Errors
/// If a loss or gradient is not finite, if `resume` does not fit the network, or if the observer
/// cannot keep what it is given.
pub fn fit(
    architecture: &Architecture,
    config: &TrainConfig,
    train: &TrainSet,
    validation: &ValidationSet,
    device: &Device,
    resume: Option<Snapshot>,
    observer: &mut dyn Observer,
) -> Result<Outcome, FitError> {
    let plan = Plan::new(config, train, validation)?;
    plan.check(resume.as_ref().map(|snapshot| &snapshot.position))?;
    let Learner { mut model, mut optimizer, mut at } = Learner::new(architecture, config, resume, device)?;
    let training_device = device.clone().autodiff();
    let smoothing = (config.label_smoothing > 0.0).then_some(config.label_smoothing as f32);
    let loss_function = CrossEntropyLossConfig::new().with_smoothing(smoothing).init(&training_device);
    let mut batch = Batch::default();
    let mut window = Window::resume(std::mem::take(&mut at.window));
    if at.step > 0 {
        observer.resumed(at.step);
    }
    observer.event(&Event::Start(plan.start_event()))?;

    while let Some(epoch) = plan.next_epoch(&at) {
        if epoch > at.epoch {
            at.begin_epoch(epoch);
        }
        let mut shuffle = generator(config.seed, Stream::Shuffle, epoch as u64, 0);
        let order = dataset::shuffled(plan.train, &mut shuffle);
        for positions in order.chunks_exact(plan.batch_size).skip(plan.steps_done_in_epoch(&at)) {
            train.subset().gather(positions, &mut batch);
            let (images, labels) = to_tensors(&batch, &training_device);
            let mut dropout = generator(config.seed, Stream::Dropout, epoch as u64, at.step as u64);

            let logits = model.forward_train(images, &mut dropout);
            let loss = loss_function.forward(logits.clone(), labels.clone());
            let gradients = GradientsParams::from_grads(loss.backward(), &model);
            let rate = learning_rate(config, at.step, plan.total_steps());
            at.step += 1;
            window.push(&loss, logits, labels);
            let stopping = observer.stop_requested();
            let (look, checkpoint) = (plan.look_due(&at, window.len()), plan.checkpoint_due(&at, stopping));
            if look || checkpoint {
                // Before the step: a gradient that is not finite must not reach a checkpoint.
                let norm = checked_norm(&mut window, &at, rate, &model, &gradients)?;
                if look {
                    observer.event(&Event::Step(step_event(&mut window, &mut at, norm, rate)))?;
                }
            }
            model = optimizer.step(rate, model, gradients);
            observer.step();
            if checkpoint {
                observer.checkpoint(&snapshot(&at, &mut window, rate, architecture, &model, &optimizer)?)?;
            }
            if checkpoint && stopping {
                return Ok(Outcome::Stopped(at));
            }
        }
        let rate = learning_rate(config, at.step.saturating_sub(1), plan.total_steps());
        let (score, answers) = validate(&model, validation, device, &at, rate)?;
        let is_best = at.end_epoch(score);
        observer.validated(answers, is_best);
        observer.event(&Event::Epoch(epoch_event(&at, score, is_best)))?;
        observer.checkpoint(&snapshot(&at, &mut window, rate, architecture, &model, &optimizer)?)?;
        if observer.stop_requested() && plan.next_epoch(&at).is_some() {
            return Ok(Outcome::Stopped(at));
        }
    }
    // There is at least one epoch, so there is a best one.
    let best = at.best.unwrap_or_default();
    let Best { epoch: best_epoch, score: Score { accuracy: best_accuracy, loss: best_loss }, .. } = best;
    observer.event(&Event::Finish(FinishEvent { epochs: at.epoch, best_epoch, best_accuracy, best_loss }))?;
    Ok(Outcome::Finished(best))
}

/// What learns, and where it stands.
struct Learner {
    model: Cnn,
    optimizer: ModelOptimizer,
    at: Position,
}

impl Learner {
    fn new(
        architecture: &Architecture,
        config: &TrainConfig,
        resume: Option<Snapshot>,
        device: &Device,
    ) -> Result<Self, WeightsError> {
        let training_device = device.clone().autodiff();
        let Some(Snapshot { position: at, weights, optimizer }) = resume else {
            let weights = Weights::initial(architecture, &mut generator(config.seed, Stream::Weights, 0, 0));
            let model = Cnn::new(architecture, &weights, &training_device)?;
            return Ok(Self { model, optimizer: ModelOptimizer::new(config), at: Position::default() });
        };
        let model = Cnn::new(architecture, &weights, &training_device)?;
        let optimizer = ModelOptimizer::restore(config, &model, &optimizer, at.step, device)?;
        Ok(Self { model, optimizer, at })
    }
}

/// How many pictures, steps and epochs there are, and when something is due.
struct Plan {
    epochs: usize,
    patience: usize,
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
            patience: config.patience,
            batch_size,
            steps_per_epoch: train / batch_size,
            train,
            validation,
            log_every: config.log_every_steps.get(),
            checkpoint_every: config.checkpoint_every_steps,
        })
    }

    /// Whether a position can be one of this plan's.
    fn check(&self, at: Option<&Position>) -> Result<(), FitError> {
        let Some(at) = at else { return Ok(()) };
        let is_best_before = at.best.is_none_or(|best| best.epoch <= at.epoch && best.step <= at.step);
        let figures = at.window.losses.iter().chain([&at.sums.loss]);
        if (1..=self.epochs).contains(&at.epoch) && is_best_before && figures.copied().all(f64::is_finite) {
            let done = (at.epoch - 1) * self.steps_per_epoch;
            let is_window_within = at.step >= at.sums.steps.saturating_add(at.window.losses.len());
            if (done + 1..=done + self.steps_per_epoch).contains(&at.step) && is_window_within {
                return Ok(());
            }
        }
        Err(FitError::Position { epoch: at.epoch, step: at.step, steps_per_epoch: self.steps_per_epoch })
    }

    fn total_steps(&self) -> usize {
        self.epochs * self.steps_per_epoch
    }

    fn start_event(&self) -> StartEvent {
        let &Self { epochs, steps_per_epoch, batch_size, train, validation, .. } = self;
        StartEvent { epochs, steps_per_epoch, batch_size, train, validation }
    }

    /// The epoch under way, or the one after it; none if all are done or patience is at its end.
    fn next_epoch(&self, at: &Position) -> Option<usize> {
        if !self.is_last_of_epoch(at) {
            return Some(at.epoch);
        }
        let since_best = at.epoch - at.best.map_or(0, |best| best.epoch);
        let is_patient = self.patience == 0 || since_best < self.patience;
        (at.epoch < self.epochs && is_patient).then_some(at.epoch + 1)
    }

    fn steps_done_in_epoch(&self, at: &Position) -> usize {
        at.step.saturating_sub(at.epoch.saturating_sub(1) * self.steps_per_epoch)
    }

    fn is_last_of_epoch(&self, at: &Position) -> bool {
        at.step == at.epoch * self.steps_per_epoch
    }

    /// In the course of an epoch; one at its end is always written.
    fn checkpoint_due(&self, at: &Position, stopping: bool) -> bool {
        let is_due = self.checkpoint_every > 0 && at.step.is_multiple_of(self.checkpoint_every);
        (is_due || stopping) && !self.is_last_of_epoch(at)
    }

    fn look_due(&self, at: &Position, window: usize) -> bool {
        // Not `==`: a window that a resume brings along may be longer than the key now says.
        window >= self.log_every || self.is_last_of_epoch(at)
    }
}

/// Images `[n, 1, height, width]` and labels `[n]` of a batch.
fn to_tensors(batch: &Batch, device: &Device) -> (Tensor<4>, Tensor<1, Int>) {
    let n = batch.labels.len();
    let images = preprocess::to_input(&batch.pixels, n, batch.height, batch.width, device);
    let labels: Vec<i32> = batch.labels.iter().map(|&label| i32::from(label)).collect();
    (images, Tensor::from_data(TensorData::new(labels, [n]), device))
}

/// The gradients' norm, after a look whether it and the window's losses are finite.
fn checked_norm(
    window: &mut Window,
    at: &Position,
    rate: f64,
    model: &Cnn,
    gradients: &GradientsParams,
) -> Result<f64, FitError> {
    let losses = &window.look().losses;
    if let Some(i) = losses.iter().position(|loss| !loss.is_finite()) {
        return Err(not_finite("the loss", losses[i], at, at.step + 1 + i - losses.len(), rate));
    }
    let norm = gradient_norm(model, gradients);
    if !norm.is_finite() {
        return Err(not_finite("the gradients' norm", norm, at, at.step, rate));
    }
    Ok(norm)
}

fn not_finite(what: &'static str, value: f64, at: &Position, step: usize, learning_rate: f64) -> FitError {
    FitError::NotFinite { what, value, epoch: at.epoch, step, learning_rate }
}

/// Ends the window: adds it to the epoch's sums and tells its means.
fn step_event(window: &mut Window, at: &mut Position, norm: f64, rate: f64) -> StepEvent {
    let figures = window.take();
    at.sums.add(&figures);
    StepEvent {
        epoch: at.epoch,
        step: at.step,
        loss: figures.losses.iter().sum::<f64>() / figures.losses.len().max(1) as f64,
        accuracy: figures.hits as f64 / figures.pictures.max(1) as f64,
        learning_rate: rate,
        gradient_norm: norm,
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

fn validate(
    model: &Cnn,
    validation: &ValidationSet,
    device: &Device,
    at: &Position,
    rate: f64,
) -> Result<(Score, Predictions), FitError> {
    let answers = predict(&model.valid(), validation.subset(), device, &mut |_| ());
    let score = Score::new(&answers);
    if score.loss.is_finite() {
        return Ok((score, answers));
    }
    Err(not_finite("the validation loss", score.loss, at, at.step, rate))
}

fn snapshot(
    at: &Position,
    window: &mut Window,
    rate: f64,
    architecture: &Architecture,
    model: &Cnn,
    optimizer: &ModelOptimizer,
) -> Result<Snapshot, FitError> {
    let (weights, optimizer) = (model.weights(), optimizer.state());
    for (what, tensors) in [("a weight", &weights), ("the optimizer's state", &optimizer)] {
        if let Some((_name, _position, value)) = tensors.first_not_finite() {
            return Err(not_finite(what, f64::from(value), at, at.step, rate));
        }
    }
    weights.check(architecture)?;
    let position = Position { window: window.look().clone(), ..at.clone() };
    Ok(Snapshot { position, weights, optimizer })
}
