//! The training loop: it learns from batches, validates after each epoch, and reports to an observer.

use burn::tensor::{Gradients, Tensor};
use dataset::{TrainSet, ValidationSet};
use model::{Cnn, Masks};
use network::Architecture;
use ops::Teams;
use run_files::{EpochEvent, Event, FinishEvent, StepEvent};

use crate::config::TrainConfig;
use crate::eval::logits::Logits;
use crate::eval::predict::predict_together;
use crate::eval::score::Score;
use crate::exchange::{Placement, any};
use crate::random::{Stream, augmentation_generator, generator};
use crate::train::batch::batch;
use crate::train::error::FitError;
use crate::train::gradient_norm::{clip_scale, gradient_norm};
use crate::train::learner::Learner;
use crate::train::observer::Observer;
use crate::train::plan::Plan;
use crate::train::schedule::learning_rate;
use crate::train::shards::{self, Part};
use crate::train::state::{Best, Snapshot, TrainingState};
use crate::train::window::Window;

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
/// has other images at its end. If the training set is augmented, each image is changed at random in each epoch;
/// validation images never are. The observer gets the events, and a snapshot after each epoch and after
/// every `checkpoint_every_steps` steps. With `resume`, the run continues from that snapshot. On a CPU the
/// same seed gives the same bits, whether or not the run was interrupted and resumed, and however many processes share its
/// `shards`. Each process calls this with the same arguments but for `placement` and `observer`.
///
/// # Errors
/// If a loss, a gradient or a weight is not finite, if `resume` does not fit the network or the
/// configuration, or if the observer returns an error.
pub fn fit(
    architecture: &Architecture,
    config: &TrainConfig,
    train: &TrainSet,
    validation: &ValidationSet,
    placement: Placement<'_>,
    resume: Option<Snapshot>,
    observer: &mut dyn Observer,
) -> Result<Outcome, FitError> {
    let Placement { device, exchange } = placement;
    let plan = Plan::new(config, train, validation)?;
    plan.check_processes(exchange.size())?;
    plan.check(resume.as_ref().filter(|snapshot| !snapshot.is_of_start()).map(|snapshot| &snapshot.state))?;
    let mut learner = Learner::new(architecture, config, resume, device)?;
    let training_device = device.clone().autodiff();
    let teams = Teams::new(plan.shards / exchange.size());
    let mut window = Window::resume(std::mem::take(&mut learner.state.window));
    if learner.state.step > 0 {
        observer.resumed(learner.state.step);
    }
    observer.event(&plan.start_event())?;

    while let Some(epoch) = plan.next_epoch(&learner.state) {
        if epoch > learner.state.epoch {
            learner.state.begin_epoch(epoch);
        }
        let mut shuffle = generator(config.seed, Stream::Shuffle, epoch as u64, 0);
        let order = dataset::shuffled(plan.train, &mut shuffle);
        let steps_done = plan.steps_done_in_epoch(&learner.state);
        for positions in order.chunks_exact(plan.batch_size).skip(steps_done) {
            let random = |index| augmentation_generator(config.seed, epoch, index);
            let mut dropout =
                generator(config.seed, Stream::Dropout, epoch as u64, learner.state.step as u64);
            let masks = Masks::draw(&mut dropout);
            let compute = |model: &Cnn, positions: &[u32], first| {
                let (images, labels) = batch(train, positions, random, &training_device);
                let logits = model.forward_train(images, masks.from_image(first));
                let (objective, loss, logits) = losses(logits, &labels, config.label_smoothing as f32);
                Part { gradients: objective.backward(), loss, logits, labels }
            };

            let wants = [observer.stop_requested(), observer.checkpoint_requested()];
            let (gradients, [stopping, requested]) = if plan.shards == 1 {
                let Part { gradients, loss, logits, labels } = compute(&learner.model, positions, 0);
                window.push(loss, logits, &labels);
                (gradients, wants)
            } else {
                let whole =
                    shards::compute(&learner.model, positions, plan.shards, exchange, &teams, wants, compute);
                window.push_metrics(whole.loss, whole.images, whole.hits);
                (whole.gradients, whole.wants)
            };
            let rate = learning_rate(config, learner.state.step, plan.total_steps());
            learner.state.step += 1;
            let report = plan.report_due(&learner.state, window.len());
            let checkpoint = plan.checkpoint_due(&learner.state, stopping || requested);
            let mut gradient_scale = 1.0;
            if report || checkpoint || config.clip_norm > 0.0 {
                // The check comes before the optimizer's step, because a gradient that is not finite must not
                // reach the weights of a checkpoint.
                let norm = checked_norm(&mut window, &learner, rate, &gradients)?;
                gradient_scale = clip_scale(norm, config.clip_norm);
                if report {
                    observer.event(&Event::Step(step_event(&mut window, &mut learner.state, norm, rate)))?;
                }
            }
            learner = learner.step(rate, gradients, gradient_scale);
            observer.step();
            if checkpoint {
                observer.checkpoint(&snapshot(&learner, &mut window, rate, architecture)?)?;
            }
            if checkpoint && stopping {
                return Ok(Outcome::Stopped(learner.state));
            }
        }
        let rate = learning_rate(config, learner.state.step.saturating_sub(1), plan.total_steps());
        let (score, logits) = validate(&learner, validation, placement, rate)?;
        let is_best = learner.state.end_epoch(score);
        observer.validated(&logits, is_best);
        observer.event(&Event::Epoch(epoch_event(&learner.state, score, is_best)))?;
        observer.checkpoint(&snapshot(&learner, &mut window, rate, architecture)?)?;
        if any(exchange, observer.stop_requested()) && plan.next_epoch(&learner.state).is_some() {
            return Ok(Outcome::Stopped(learner.state));
        }
    }
    // A configuration has at least one epoch, so there is a best epoch here.
    let best = learner.state.best.unwrap_or_default();
    let Best { epoch: best_epoch, score: Score { accuracy: best_accuracy, loss: best_loss }, .. } = best;
    let finish = FinishEvent { epochs: learner.state.epoch, best_epoch, best_accuracy, best_loss };
    observer.event(&Event::Finish(finish))?;
    Ok(Outcome::Finished(best))
}

/// How much the loss of images of no class counts beside that of the others, as Hendrycks et al. 2019 weigh it.
const OUTLIER_WEIGHT: f32 = 0.5;

/// From the logits `[n, classes]` of a batch: what the step makes smaller, the loss of the images with labels, and the
/// logits of these images, which come first. For the others, which are of no class, all classes should be equally probable.
fn losses(logits: Tensor<2>, labels: &[u8], smoothing: f32) -> (Tensor<1>, Tensor<1>, Tensor<2>) {
    let [n, _classes] = logits.dims();
    let known = labels.len();
    if known == n {
        let loss = ops::cross_entropy(logits.clone(), labels, smoothing);
        return (loss.clone(), loss, logits);
    }
    let others = logits.clone().slice(known..n);
    let logits = logits.slice(0..known);
    let loss = ops::cross_entropy(logits.clone(), labels, smoothing);
    // With a smoothing of 1 the label does not count.
    let doubt = ops::cross_entropy(others, &vec![0; n - known], 1.0);
    (loss.clone() + doubt.mul_scalar(OUTLIER_WEIGHT), loss, logits)
}

/// The norm of all gradients together. It is an error if the norm or one of the window's losses is not
/// finite.
fn checked_norm(
    window: &mut Window,
    learner: &Learner,
    rate: f64,
    gradients: &Gradients,
) -> Result<f64, FitError> {
    let Learner { model, state, .. } = learner;
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
    learner: &Learner,
    validation: &ValidationSet,
    placement: Placement<'_>,
    rate: f64,
) -> Result<(Score, Logits), FitError> {
    let logits = predict_together(&learner.predictor(), validation.subset(), placement);
    let score = Score::new(&logits);
    if score.loss.is_finite() {
        return Ok((score, logits));
    }
    Err(not_finite("the validation loss", score.loss, &learner.state, learner.state.step, rate))
}

/// A snapshot of the run after the step just taken. It is an error if one of its tensors is not finite.
fn snapshot(
    learner: &Learner,
    window: &mut Window,
    rate: f64,
    architecture: &Architecture,
) -> Result<Snapshot, FitError> {
    let mut snapshot = learner.snapshot();
    for (what, tensors) in [("a weight", &snapshot.weights), ("the optimizer's state", &snapshot.optimizer)] {
        if let Some((_name, _position, value)) = tensors.first_not_finite() {
            return Err(not_finite(what, f64::from(value), &learner.state, learner.state.step, rate));
        }
    }
    architecture.check(&snapshot.weights)?;
    snapshot.state.window = window.fetch().clone();
    Ok(snapshot)
}
