//! The training loop: it learns from batches, validates after each epoch, and reports to an observer.

use burn::module::Module;
use burn::nn::loss::CrossEntropyLossConfig;
use burn::optim::GradientsParams;
use burn::tensor::{Device, Int, Tensor, TensorData};
use dataset::{Batch, TrainSet, ValidationSet};
use model::{Cnn, input};
use network::{Architecture, TensorsError};
use run_files::{EpochEvent, Event, FinishEvent, StepEvent};

use crate::config::TrainConfig;
use crate::eval::logits::Logits;
use crate::eval::predict::predict;
use crate::eval::score::Score;
use crate::random::{Stream, generator};
use crate::train::error::FitError;
use crate::train::observer::Observer;
use crate::train::optimizer::ModelOptimizer;
use crate::train::plan::Plan;
use crate::train::schedule::learning_rate;
use crate::train::state::{Best, Snapshot, TrainingState};
use crate::train::window::{Window, gradient_norm};

/// How a run ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// All epochs are done, or `train.patience` ended the run early.
    Finished(Best),
    /// The observer requested a stop. The last checkpoint has this training state.
    Stopped(TrainingState),
}

/// Trains a network on the images of `train`, and validates it on those of `validation` after each epoch.
///
/// Each epoch takes the images in a new order, in batches of `batch_size`. The images at the end that do not
/// fill a batch are left out of the epoch, so that all batches have the same shape; the next epoch's order
/// has other images at its end. The observer gets the events, and a snapshot after each epoch and after
/// every `checkpoint_every_steps` steps. With `resume`, the run continues from that snapshot. On a CPU the
/// same seed gives the same bits, whether or not the run was interrupted and resumed.
///
/// # Errors
/// If a loss, a gradient or a weight is not finite, if `resume` does not fit the network or the
/// configuration, or if the observer returns an error.
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
    plan.check(resume.as_ref().map(|snapshot| &snapshot.state))?;
    let Learner { mut model, mut optimizer, mut state } = Learner::new(architecture, config, resume, device)?;
    let training_device = device.clone().autodiff();
    let smoothing = (config.label_smoothing > 0.0).then_some(config.label_smoothing as f32);
    let loss_function = CrossEntropyLossConfig::new().with_smoothing(smoothing).init(&training_device);
    let mut batch = Batch::default();
    let mut window = Window::resume(std::mem::take(&mut state.window));
    if state.step > 0 {
        observer.resumed(state.step);
    }
    observer.event(&plan.start_event())?;

    while let Some(epoch) = plan.next_epoch(&state) {
        if epoch > state.epoch {
            state.begin_epoch(epoch);
        }
        let mut shuffle = generator(config.seed, Stream::Shuffle, epoch as u64, 0);
        let order = dataset::shuffled(plan.train, &mut shuffle);
        for positions in order.chunks_exact(plan.batch_size).skip(plan.steps_done_in_epoch(&state)) {
            train.subset().gather(positions, &mut batch);
            let (images, labels) = to_tensors(&batch, &training_device);
            let mut dropout = generator(config.seed, Stream::Dropout, epoch as u64, state.step as u64);

            let logits = model.forward_train(images, &mut dropout);
            let loss = loss_function.forward(logits.clone(), labels.clone());
            let gradients = GradientsParams::from_grads(loss.backward(), &model);
            let rate = learning_rate(config, state.step, plan.total_steps());
            state.step += 1;
            window.push(&loss, logits, labels);
            let (stopping, requested) = (observer.stop_requested(), observer.checkpoint_requested());
            let (report, checkpoint) =
                (plan.report_due(&state, window.len()), plan.checkpoint_due(&state, stopping || requested));
            if report || checkpoint {
                // The check comes before the optimizer's step, because a gradient that is not finite must not
                // reach the weights of a checkpoint.
                let norm = checked_norm(&mut window, &state, rate, &model, &gradients)?;
                if report {
                    observer.event(&Event::Step(step_event(&mut window, &mut state, norm, rate)))?;
                }
            }
            model = optimizer.step(rate, model, gradients);
            observer.step();
            if checkpoint {
                observer.checkpoint(&snapshot(
                    &state,
                    &mut window,
                    rate,
                    architecture,
                    &model,
                    &optimizer,
                )?)?;
            }
            if checkpoint && stopping {
                return Ok(Outcome::Stopped(state));
            }
        }
        let rate = learning_rate(config, state.step.saturating_sub(1), plan.total_steps());
        let (score, logits) = validate(&model, validation, device, &state, rate)?;
        let is_best = state.end_epoch(score);
        observer.validated(&logits, is_best);
        observer.event(&Event::Epoch(epoch_event(&state, score, is_best)))?;
        observer.checkpoint(&snapshot(&state, &mut window, rate, architecture, &model, &optimizer)?)?;
        if observer.stop_requested() && plan.next_epoch(&state).is_some() {
            return Ok(Outcome::Stopped(state));
        }
    }
    // A configuration has at least one epoch, so there is a best epoch here.
    let best = state.best.unwrap_or_default();
    let Best { epoch: best_epoch, score: Score { accuracy: best_accuracy, loss: best_loss }, .. } = best;
    let finish = FinishEvent { epochs: state.epoch, best_epoch, best_accuracy, best_loss };
    observer.event(&Event::Finish(finish))?;
    Ok(Outcome::Finished(best))
}

/// The network in training, its optimizer, and the training state.
struct Learner {
    model: Cnn,
    optimizer: ModelOptimizer,
    state: TrainingState,
}

impl Learner {
    fn new(
        architecture: &Architecture,
        config: &TrainConfig,
        resume: Option<Snapshot>,
        device: &Device,
    ) -> Result<Self, TensorsError> {
        let training_device = device.clone().autodiff();
        let Some(Snapshot { state, weights, optimizer }) = resume else {
            let weights = architecture.initial_tensors(&mut generator(config.seed, Stream::Weights, 0, 0));
            let model = Cnn::new(architecture, &weights, &training_device)?;
            return Ok(Self {
                model,
                optimizer: ModelOptimizer::new(config),
                state: TrainingState::default(),
            });
        };
        let model = Cnn::new(architecture, &weights, &training_device)?;
        let optimizer = ModelOptimizer::restore(config, &model, &optimizer, state.step, device)?;
        Ok(Self { model, optimizer, state })
    }
}

/// The images `[n, 1, height, width]` and labels `[n]` of a batch as tensors.
fn to_tensors(batch: &Batch, device: &Device) -> (Tensor<4>, Tensor<1, Int>) {
    let n = batch.labels.len();
    let images = input::to_input(&batch.pixels, n, batch.height, batch.width, device);
    let labels: Vec<i32> = batch.labels.iter().map(|&label| i32::from(label)).collect();
    (images, Tensor::from_data(TensorData::new(labels, [n]), device))
}

/// The norm of all gradients together. It is an error if the norm or one of the window's losses is not
/// finite.
fn checked_norm(
    window: &mut Window,
    state: &TrainingState,
    rate: f64,
    model: &Cnn,
    gradients: &GradientsParams,
) -> Result<f64, FitError> {
    let losses = &window.fetch().losses;
    if let Some(i) = losses.iter().position(|loss| !loss.is_finite()) {
        return Err(not_finite("the loss", losses[i], state, state.step + 1 + i - losses.len(), rate));
    }
    let norm = gradient_norm(model, gradients);
    if !norm.is_finite() {
        return Err(not_finite("the gradients' norm", norm, state, state.step, rate));
    }
    Ok(norm)
}

fn not_finite(
    what: &'static str,
    value: f64,
    state: &TrainingState,
    step: usize,
    learning_rate: f64,
) -> FitError {
    FitError::NotFinite { what, value, epoch: state.epoch, step, learning_rate }
}

/// Ends the logging window: adds it to the epoch's sums, and returns the event with its means.
fn step_event(window: &mut Window, state: &mut TrainingState, norm: f64, rate: f64) -> StepEvent {
    let metrics = window.take();
    state.sums.add(&metrics);
    StepEvent {
        epoch: state.epoch,
        step: state.step,
        loss: metrics.losses.iter().sum::<f64>() / metrics.losses.len().max(1) as f64,
        accuracy: metrics.hits as f64 / metrics.images.max(1) as f64,
        learning_rate: rate,
        gradient_norm: norm,
    }
}

fn epoch_event(state: &TrainingState, score: Score, is_best: bool) -> EpochEvent {
    EpochEvent {
        epoch: state.epoch,
        step: state.step,
        train_loss: state.sums.mean_loss(),
        train_accuracy: state.sums.accuracy(),
        validation_loss: score.loss,
        validation_accuracy: score.accuracy,
        is_best,
    }
}

/// The score of the network on the validation images, and its logits for them.
fn validate(
    model: &Cnn,
    validation: &ValidationSet,
    device: &Device,
    state: &TrainingState,
    rate: f64,
) -> Result<(Score, Logits), FitError> {
    let logits = predict(&model.valid(), validation.subset(), device, &mut |_| ());
    let score = Score::new(&logits);
    if score.loss.is_finite() {
        return Ok((score, logits));
    }
    Err(not_finite("the validation loss", score.loss, state, state.step, rate))
}

/// A snapshot of the run after the step just taken. It is an error if one of its tensors is not finite.
fn snapshot(
    state: &TrainingState,
    window: &mut Window,
    rate: f64,
    architecture: &Architecture,
    model: &Cnn,
    optimizer: &ModelOptimizer,
) -> Result<Snapshot, FitError> {
    let (weights, optimizer) = (model.weights(), optimizer.state());
    for (what, tensors) in [("a weight", &weights), ("the optimizer's state", &optimizer)] {
        if let Some((_name, _position, value)) = tensors.first_not_finite() {
            return Err(not_finite(what, f64::from(value), state, state.step, rate));
        }
    }
    architecture.check(&weights)?;
    let state = TrainingState { window: window.fetch().clone(), ..state.clone() };
    Ok(Snapshot { state, weights, optimizer })
}
