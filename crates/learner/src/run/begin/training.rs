//! Trains runs in their folders: begins a run or resumes it, and evaluates its best model at the end.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use dataset::ValidationSet;
use model::device::Opened;
use run_files::{Resumed, names};
use thiserror::Error;

use crate::config::Config;
use crate::eval::logits::Logits;
use crate::exchange::{Exchange, Placement};
use crate::numerics;
use crate::run::begin::initial::InitialWeights;
use crate::run::begin::kept_epochs::EpochKeeper;
use crate::run::begin::recorder::{Lines, Recorder};
use crate::run::begin::together::shared;
use crate::run::begin::validated::Validated;
use crate::run::best_model::BestModel;
use crate::run::data::TrainingData;
use crate::run::error::RunDirError;
use crate::run::evaluating::{EvaluateError, predict_with};
use crate::run::folder::now;
use crate::run::lock::RunLock;
use crate::run::machine::{circumstances, text_of};
use crate::run::run_dir::RunDir;
use crate::run::store::checkpoint::{self, DamagedCheckpoint, Newest};
use crate::train::error::FitError;
use crate::train::fit::{Outcome, fit};
use crate::train::learner::first_weights;
use crate::train::observer::{BestLogits, Observer, Observers};
use crate::train::state::{Best, Snapshot, TrainingState};
use crate::train::tensorboard::TensorBoard;

/// Why a run could not be trained to its end.
#[derive(Debug, Error)]
pub enum TrainError {
    #[error(transparent)]
    RunDir(#[from] RunDirError),
    /// Training ended early. The run keeps the checkpoints that it has written.
    #[error("training in {} ended early", run.path().display())]
    Fit { run: RunDir, source: FitError },
    #[error("TensorBoard's event files cannot be written")]
    TensorBoard(#[source] io::Error),
    #[error(transparent)]
    Evaluate(#[from] EvaluateError),
}

/// How training in a folder ended.
#[derive(Debug)]
pub enum Ended {
    Finished(FinishedRun),
    /// An observer requested a stop. The run can be resumed from this training state.
    Stopped {
        run: RunDir,
        state: TrainingState,
    },
}

/// A run that was trained to its end.
#[derive(Debug)]
pub struct FinishedRun {
    pub run: RunDir,
    /// The best epoch and its score on the validation images.
    pub best: Best,
    pub model: BestModel,
    /// How long the run has trained, without the time between an interruption and its resume.
    pub took: Duration,
}

/// Trains runs on these images and this device.
#[derive(Clone, Copy, Debug)]
pub struct Trainer<'a> {
    pub data: &'a TrainingData,
    pub opened: &'a Opened,
    /// The processes that train a run together. This one is process 0.
    pub exchange: &'a dyn Exchange,
    /// What new runs begin with instead of random weights.
    pub initial: Option<&'a InitialWeights>,
    /// Whether to write event files for TensorBoard. A resumed run that already has some gets more in any
    /// case.
    pub tensorboard: bool,
    /// Whether to keep the weights of each epoch. A resumed run that has kept some keeps more in any case.
    pub keep_epochs: bool,
    /// Whether to resume a run whose steps were computed with another arithmetic, which gives other bits.
    pub accept_numerics: bool,
}

/// The point from which a run is resumed.
#[derive(Debug)]
pub struct ResumePoint {
    /// The snapshot of the newest good checkpoint. Without a checkpoint it is `None`, and the run starts
    /// over.
    snapshot: Option<Snapshot>,
    /// The folder of that checkpoint.
    pub from: Option<PathBuf>,
    /// Newer checkpoints that cannot be used, each with the path that it was set aside to.
    pub damaged: Vec<(DamagedCheckpoint, PathBuf)>,
}

impl ResumePoint {
    /// Finds the newest good checkpoint of a run that the run's events reach, and sets newer ones aside if
    /// they are damaged or ahead of the events.
    ///
    /// # Errors
    /// If there are checkpoints but none can be used, if a newer one cannot be read or is of another version
    /// of the program, or if one cannot be set aside.
    pub fn find(run: &RunDir) -> Result<Self, RunDirError> {
        let dir = run.checkpoints();
        let lines = Lines::read(run)?;
        let newest = checkpoint::newest_reached(&dir, |state| lines.lacking(state));
        let newest = newest.map_err(|error| run.with_version(error))?;
        let Some(Newest { snapshot, path, damaged }) = newest else {
            return Ok(Self { snapshot: None, from: None, damaged: Vec::new() });
        };
        let set_aside = |damaged: DamagedCheckpoint| {
            let place = checkpoint::set_aside(&damaged).map_err(RunDirError::Write)?;
            Ok((damaged, place))
        };
        let damaged = damaged.into_iter().map(set_aside).collect::<Result<_, RunDirError>>()?;
        checkpoint::prune(&dir).map_err(RunDirError::Write)?;
        Ok(Self { snapshot: Some(snapshot), from: Some(path), damaged })
    }

    /// Number of steps that the run has done at this point.
    pub fn step(&self) -> usize {
        self.snapshot.as_ref().map_or(0, |snapshot| snapshot.state.step)
    }
}

impl Trainer<'_> {
    /// Trains a new run in a folder that was locked for it.
    ///
    /// # Errors
    /// If the run's files cannot be written, or training ends early.
    pub fn begin(
        &self,
        lock: &mut RunLock,
        config: &Config,
        observer: &mut dyn Observer,
    ) -> Result<Ended, TrainError> {
        let mut info = circumstances(config, self.opened, self.data.data_dir.as_deref());
        if let Some(initial) = self.initial {
            // The weights come before the configuration, with which the folder becomes a run that can be resumed.
            initial.write(lock.path())?;
            info.init = Some(initial.source().clone());
        }
        let run = lock.begin_run(config, &info)?;
        let start = self.initial.map(|initial| Snapshot::of_start(initial.start(config)));
        self.train(run, config, start, observer)
    }

    /// Resumes an existing run and trains it to its end.
    ///
    /// # Errors
    /// If the run's files cannot be read or written, training ends early, or the run's steps were computed with
    /// another arithmetic and [`Trainer::accept_numerics`] is not set.
    pub fn resume(
        &self,
        lock: &RunLock,
        config: &Config,
        point: ResumePoint,
        observer: &mut dyn Observer,
    ) -> Result<Ended, TrainError> {
        let run = RunDir::open(lock.path())?;
        run.check_trained()?;
        let mut info = run.info()?;
        // A run that is trained to its end gets no more steps, so their arithmetic does not matter.
        let is_trained = run.config()? == *config && finished(&run)?.is_some();
        let before = info.newest_numerics().clone();
        let numerics = if is_trained { before.clone() } else { numerics::of(self.opened) };
        // A run without steps starts over, and is then computed with one arithmetic from beginning to end.
        if before.differs_from(&numerics) && point.step() > 0 && !self.accept_numerics {
            let (path, info) = (run.path().to_owned(), run.file(names::RUN));
            return Err(RunDirError::OtherNumerics {
                path,
                info,
                steps: point.step(),
                before,
                now: numerics,
            }
            .into());
        }
        info.resumed.push(Resumed {
            step: point.step(),
            time: now(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            backend: self.opened.backend.name().to_owned(),
            numerics,
        });
        info.data_dir = text_of(self.data.data_dir.as_deref()).or(info.data_dir);
        // A run that was ended before its first checkpoint starts over with what it began with.
        let start = || {
            let initial =
                info.init.as_ref().map(|source| InitialWeights::read(run.path(), source)).transpose()?;
            Ok::<_, RunDirError>(initial.map(|initial| Snapshot::of_start(initial.start(config))))
        };
        let snapshot = match point.snapshot {
            None => start()?,
            snapshot => snapshot,
        };
        let run = lock.resume_run(config, &info)?;
        self.train(run, config, snapshot, observer)
    }

    fn train(
        &self,
        run: RunDir,
        config: &Config,
        snapshot: Option<Snapshot>,
        observer: &mut dyn Observer,
    ) -> Result<Ended, TrainError> {
        let TrainingData { train, validation, .. } = self.data;
        let step = snapshot.as_ref().map_or(0, |snapshot| snapshot.state.step);
        let mut board = self.board(&run, config, step)?;
        let mut recorder = Recorder::new(&run, step)?;
        let mut best_logits = BestLogits::default();
        let mut keeper = self.keeper(&run, config, snapshot.as_ref())?;
        let mut observers = Observers(vec![observer]);
        if let Some(board) = &mut board {
            observers.0.push(board);
        }
        if let Some(keeper) = &mut keeper {
            // It comes before the recorder. Otherwise, after a crash, an epoch could have a checkpoint and no weights here.
            observers.0.push(keeper);
        }
        observers.0.extend([&mut recorder as &mut dyn Observer, &mut best_logits]);
        let architecture = config.architecture();
        let placement = Placement { device: &self.opened.device, exchange: self.exchange };
        let outcome = shared(self.exchange, snapshot).and_then(|snapshot| {
            fit(architecture, config.train(), train, validation, placement, snapshot, &mut observers)
        });
        match outcome {
            Err(source) => Err(TrainError::Fit { run, source }),
            Ok(Outcome::Stopped(state)) => Ok(Ended::Stopped { run, state }),
            Ok(Outcome::Finished(best)) => {
                let took = Duration::from_secs_f64(recorder.seconds());
                let model = run.best_model()?;
                evaluate_best(&run, config, &model, validation, best_logits.0, self.opened)?;
                Ok(Ended::Finished(FinishedRun { run, best, model, took }))
            }
        }
    }

    /// The observer that keeps the weights of each epoch, if the run is to have one.
    fn keeper(
        &self,
        run: &RunDir,
        config: &Config,
        snapshot: Option<&Snapshot>,
    ) -> Result<Option<EpochKeeper>, TrainError> {
        if !self.keep_epochs && !run.file(names::EPOCHS).is_dir() {
            return Ok(None);
        }
        let random;
        let first = match snapshot {
            None => {
                random = first_weights(config.architecture(), config.train().seed);
                Some(&random)
            }
            Some(start) if start.is_of_start() => Some(&start.weights),
            Some(_) => None,
        };
        Ok(Some(EpochKeeper::new(run, first)?))
    }

    /// The observer for TensorBoard, if the run is to have one.
    fn board(&self, run: &RunDir, config: &Config, step: usize) -> Result<Option<TensorBoard>, TrainError> {
        let folder = run.file(names::TENSORBOARD);
        // Only a run that is resumed can have the folder, perhaps from before its first checkpoint.
        if !self.tensorboard && !folder.is_dir() {
            return Ok(None);
        }
        TensorBoard::new(&folder, config, step).map(Some).map_err(TrainError::TensorBoard)
    }
}

/// A run that is already trained to its end, with its best model. It is `None` if there is still something to
/// do: the run has to be trained, its newest checkpoint is damaged, or `validation.json` has to be written.
///
/// # Errors
/// If the run's events or its best model cannot be read.
pub fn finished(run: &RunDir) -> Result<Option<FinishedRun>, RunDirError> {
    let lines = Lines::read(run)?;
    let Some(took) = lines.finished_after() else { return Ok(None) };
    let newest = checkpoint::newest_reached(&run.checkpoints(), |state| lines.lacking(state));
    let best = match newest {
        Ok(Some(Newest { snapshot, damaged, .. })) if damaged.is_empty() => snapshot.state.best,
        Err(RunDirError::Checkpoint(error)) if error.is_unreadable() => return Err(error.into()),
        // The caller then resumes the run, which reports the damage and repairs it as far as possible.
        _ => None,
    };
    let Some(best) = best else { return Ok(None) };
    let model = run.best_model()?;
    Ok(run.is_validated(&model).then(|| FinishedRun { run: run.clone(), best, model, took }))
}

/// Evaluates the best model on the validation images, and writes `thresholds.json` and `validation.json`. `logits` are
/// the model's logits for these images, if they are known.
fn evaluate_best(
    run: &RunDir,
    config: &Config,
    model: &BestModel,
    validation: &ValidationSet,
    logits: Option<Logits>,
    opened: &Opened,
) -> Result<(), TrainError> {
    let logits = match logits {
        Some(logits) => logits,
        // The best epoch was before an interruption, so this process does not have its logits.
        None => predict_with(config, model, validation.subset(), opened, &mut |_| ())?,
    };
    let validated = Validated::new(config, opened, validation, &logits, model.epoch(), &model.sha256)
        .map_err(|source| EvaluateError::NotFinite { run: run.path().to_owned(), source })?;
    validated.write(run)?;
    Ok(())
}
