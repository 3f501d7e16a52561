//! Trains runs with what all runs of one process share: arguments, images and signals.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use dataset::Split;
use learner::Config;
use learner::checks::notes::Accuracies;
use learner::exchange::Exchange;
use learner::run::data::TrainingData;
use learner::run::initial::InitialWeights;
use learner::run::store::checkpoint::DamagedCheckpoint;
use learner::run::training::{Ended, FinishedRun, ResumePoint, Trainer};
use learner::run::{RunDir, RunDirError, RunLock, hardware, together};
use learner::train::observer::Observers;
use model::device::{Backend, Opened};
use run_files::{Event, names};

use crate::args::RunOptions;
use crate::commands::page;
use crate::commands::train::initial;
use crate::commands::train::outcome::{self, TrainedRun};
use crate::exit::note;
use crate::open::checks;
use crate::paths::short;
use crate::signals::{Signals, TERM};
use crate::ui::numbers::grouped;
use crate::ui::{download_bar, training};

/// With what a process begins to train.
#[derive(Clone, Copy)]
pub(crate) struct Begun<'a> {
    pub(crate) config: &'a Config,
    pub(crate) opened: &'a Opened,
    pub(crate) exchange: &'a dyn Exchange,
}

/// What the runs of one process share.
pub(crate) struct TrainSession<'a> {
    pub(crate) options: &'a RunOptions,
    pub(crate) data: TrainingData,
    pub(crate) signals: &'a Signals,
    exchange: &'a dyn Exchange,
    /// The folder of several runs, if this process trains several: `train --resume` needs it then.
    folder: Option<PathBuf>,
    /// What new runs begin with instead of random weights.
    initial: Option<InitialWeights>,
}

impl<'a> TrainSession<'a> {
    /// Loads the images, and checks that training on them fits into the memory.
    pub(crate) fn new(
        options: &'a RunOptions,
        signals: &'a Signals,
        begun: Begun<'a>,
        data_dir: &Path,
        folder: Option<PathBuf>,
    ) -> anyhow::Result<Self> {
        let Begun { config, opened, exchange } = begun;
        checks::check_loading(config, options.memory.force)?;
        checks::check_shards(config, opened)?;
        // Before the images are loaded, because the others load theirs meanwhile.
        together::hand_out(exchange, config, opened)?;
        let data = TrainingData::fetch(config, data_dir, &mut download_bar::listener())?;
        checks::check_memory(config, opened, &data, options.memory.force)?;
        together::agree_on_data(exchange, config)?;
        Ok(Self { options, data, signals, exchange, folder, initial: None })
    }

    /// The same for new runs that begin with these weights.
    pub(crate) fn beginning_with(self, initial: Option<InitialWeights>) -> Self {
        Self { initial, ..self }
    }

    /// Says what all runs train with: images, parameters, backend.
    pub(crate) fn announce(&self, config: &Config, opened: &Opened) {
        if let Some(notice) = &opened.notice {
            note(&format!("note: {notice}"));
        }
        let parameters: usize = config.architecture().layers().iter().map(|layer| layer.parameters).sum();
        note(&format!(
            "{}: {} images to train on, {} to validate",
            config.description().title,
            self.data.train.subset().len(),
            self.data.validation.subset().len(),
        ));
        note(&format!(
            "{} parameters, {} on {}",
            grouped(parameters),
            opened.backend.name(),
            hardware(opened)
        ));
        if let Some(initial) = &self.initial {
            initial::announce(initial, config);
        }
        checks::print_notes(config, &self.data);
    }

    /// Trains a new run.
    pub(crate) fn begin(
        &self,
        config: &Config,
        opened: &Opened,
        mut lock: RunLock,
    ) -> anyhow::Result<TrainedRun> {
        note(&format!("run directory: {}", short(lock.path())));
        let mut display = training::display(self.signals);
        let mut signals = self.signals;
        signals.are_seen();
        let mut observers = Observers(vec![&mut *display, &mut signals]);
        let ended = self.trainer(opened).begin(&mut lock, config, &mut observers);
        // The bar has to be gone before anything else is printed.
        drop(display);
        self.conclude(
            config,
            ended.map_err(|error| outcome::explain(self.options, error, self.folder.as_deref()))?,
        )
    }

    /// Trains an existing run to its end.
    pub(crate) fn resume(
        &self,
        config: &Config,
        opened: &Opened,
        lock: &RunLock,
        point: ResumePoint,
    ) -> anyhow::Result<TrainedRun> {
        for (damaged, place) in &point.damaged {
            note(&damage(damaged, place, point.from.as_deref()));
        }
        note(&format!("resuming after step {}", point.step()));
        note(&format!("run directory: {}", short(lock.path())));
        let mut display = training::display(self.signals);
        let mut signals = self.signals;
        signals.are_seen();
        let mut observers = Observers(vec![&mut *display, &mut signals]);
        let ended = self.trainer(opened).resume(lock, config, point, &mut observers);
        drop(display);
        self.conclude(
            config,
            ended.map_err(|error| outcome::explain(self.options, error, self.folder.as_deref()))?,
        )
    }

    fn trainer<'b>(&'b self, opened: &'b Opened) -> Trainer<'b> {
        Trainer {
            data: &self.data,
            opened,
            exchange: self.exchange,
            initial: self.initial.as_ref(),
            tensorboard: self.options.tensorboard,
            keep_epochs: self.options.keep_epochs,
            accept_numerics: self.options.accept_numerics,
        }
    }

    /// Writes the page of a finished run.
    fn conclude(&self, config: &Config, ended: Ended) -> anyhow::Result<TrainedRun> {
        let FinishedRun { run, best, model, took } = match ended {
            Ended::Finished(finished) => finished,
            Ended::Stopped { run, state } => {
                // Another process may be the one that got the signal.
                let signal = self.signals.received().unwrap_or(TERM);
                return Err(outcome::stopped(self.options, &run, self.folder.as_deref(), &state, signal));
            }
        };
        // A tested model's page shows its test. It is kept, because training does not load the test images.
        if run.test_of(&model).is_none() || !page::shows(&run.file(names::PAGE), &[&model.sha256]) {
            let images = page::only(Split::Validation, self.data.validation.subset());
            page::write(&run, &model, &images)?;
        }
        let finished = FinishedRun { run, best, model, took };
        Ok(TrainedRun::now(&finished, self.warnings(config, &finished)?))
    }

    /// What is wrong with a finished run.
    ///
    /// # Errors
    /// If the run's events cannot be read.
    pub(crate) fn warnings(&self, config: &Config, finished: &FinishedRun) -> anyhow::Result<Vec<String>> {
        let best_epoch = finished.best.score.accuracy;
        let path = finished.run.file(names::METRICS);
        let text = fs::read_to_string(&path).with_context(|| short(&path))?;
        let metrics = report::metrics(&text).with_context(|| short(&path))?;
        let last = metrics.iter().rev().find_map(|line| match &line.event {
            Event::Epoch(epoch) => Some(epoch.validation_accuracy),
            _ => None,
        });
        let accuracies = Accuracies { best_epoch, last_epoch: last.unwrap_or(best_epoch) };
        Ok(checks::warnings(config, &self.data, accuracies))
    }
}

fn damage(damaged: &DamagedCheckpoint, place: &Path, from: Option<&Path>) -> String {
    let from = from.map(short).unwrap_or_default();
    format!("warning: {}\n  set aside as {}; going back to {from}", damaged.error, short(place))
}

/// The backend to resume a run with: the one on the command line, or else the one that the run began with.
///
/// # Errors
/// If `run.json` cannot be read, or names a backend that this program does not know.
pub(crate) fn backend_of(options: &RunOptions, run: &RunDir) -> Result<Backend, RunDirError> {
    let info = run.info()?;
    if let Some(named) = options.backend.requested() {
        return Ok(named);
    }
    known_backend(&info.backend, &run.file(names::RUN)).map_err(|error| run.with_version(error))
}

/// The backend of this name, which was read from `file`.
pub(crate) fn known_backend(name: &str, file: &Path) -> Result<Backend, RunDirError> {
    let known = [Backend::Ndarray, Backend::Flex, Backend::Wgpu];
    known.into_iter().find(|backend| backend.name() == name).ok_or_else(|| RunDirError::Damaged {
        path: file.to_owned(),
        problem: format!(
            "found the backend `{name}`, expected one of {}",
            known.map(Backend::name).join(", ")
        ),
    })
}
