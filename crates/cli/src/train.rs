//! `train`: the lecture's second assignment.

use std::path::{Path, PathBuf};
use std::thread::available_parallelism;

use dataset::{TrainSet, ValidationSet};
use learner::checkpoint::{self, Newest};
use learner::claim::Claim;
use learner::fit::{Outcome, fit};
use learner::recorder::Recorder;
use learner::run_dir::{RunDir, RunDirError, now};
use learner::seeds::{self, Found};
use learner::snapshot::Snapshot;
use learner::{Config, config_text};
use model::device::{self, Opened};
use run_files::{Resumed, RunInfo};

use crate::args::TrainArgs;
use crate::data;
use crate::exit::{note, print};
use crate::outcome::{self, Trained};
use crate::paths::{read_config, read_config_from, runs_dir, short};
use crate::progress::Progress;
use crate::signals::Signals;
use crate::tensorboard::{self, TensorBoard};
use crate::{train_seeds, validation};

pub(crate) fn run(args: &TrainArgs) -> anyhow::Result<()> {
    if args.resume {
        return go_on(args);
    }
    let config = read_config(&args.config)?;
    if args.print_config {
        return print(&config_text::print(&config)?);
    }
    if let Some(count) = args.seeds {
        return train_seeds::begin(args, &config, count);
    }
    // First of all: a second process should not download anything before it is told so.
    let claim = claim_new(args)?;
    let opened = device::open(args.backend.wish())?;
    let session = Session::new(args, &config, None)?;
    session.announce(&config, &opened);
    outcome::finished(args, &begin(&session, &config, &opened, claim)?)
}

/// The directory that the arguments name, or the next number.
pub(crate) fn claim_new(args: &TrainArgs) -> Result<Claim, RunDirError> {
    match &args.run_dir {
        Some(path) => Claim::new_run(path),
        None => {
            let stem = args.config.config.as_deref().and_then(Path::file_stem);
            let stem = stem.map_or("run".into(), |stem| stem.to_string_lossy());
            Claim::numbered(&runs_dir(), &stem)
        }
    }
}

/// `train --resume`.
fn go_on(args: &TrainArgs) -> anyhow::Result<()> {
    let found = match &args.run_dir {
        Some(path) => Found::open(path)?,
        None => {
            let runs = runs_dir();
            let latest = seeds::latest(&runs, false)?.ok_or(RunDirError::NoRuns(runs))?;
            note(&format!("the latest run is {}", short(latest.path())));
            latest
        }
    };
    match found {
        Found::Run(run) => go_on_with_run(args, &run),
        Found::Seeds(seeds) => train_seeds::go_on(args, &seeds),
    }
}

fn go_on_with_run(args: &TrainArgs, run: &RunDir) -> anyhow::Result<()> {
    // Before the configuration is read, which another process may be changing.
    let claim = Claim::existing(run.path())?;
    let config = read_config_from(&args.config, Some(&run.config_file()))?;
    learner::resume::check(&run.config()?, &config)?;
    if args.print_config {
        return print(&config_text::print(&config)?);
    }
    // Another backend would end in other bits, so it has to be asked for by name.
    let opened = device::open(args.backend.wish().or(Some(run.backend()?)))?;
    let session = Session::new(args, &config, None)?;
    session.announce(&config, &opened);
    outcome::finished(args, &resume(&session, &config, &opened, &claim)?)
}

/// Trains a new run.
pub(crate) fn begin(
    session: &Session<'_>,
    config: &Config,
    opened: &Opened,
    mut claim: Claim,
) -> anyhow::Result<Trained> {
    claim.begin(config, &circumstances(config, opened))?;
    learn(session, config, opened, claim.run(), None)
}

/// Trains a run that is there to its end.
pub(crate) fn resume(
    session: &Session<'_>,
    config: &Config,
    opened: &Opened,
    claim: &Claim,
) -> anyhow::Result<Trained> {
    let run = claim.run();
    let mut info = run.info()?;
    let snapshot = newest_good(run)?;
    let step = snapshot.as_ref().map_or(0, |snapshot| snapshot.position.step);
    info.resumed.push(Resumed {
        step,
        time: now(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        backend: opened.backend.name().to_owned(),
    });
    claim.go_on(config, &info)?;
    note(&format!("going on after step {step}"));
    learn(session, config, opened, run, snapshot)
}

/// The newest checkpoint that is whole. Damaged ones are named and set aside.
fn newest_good(run: &RunDir) -> anyhow::Result<Option<Snapshot>> {
    let dir = run.checkpoints();
    if !dir.is_dir() {
        return Ok(None);
    }
    let Some(Newest { snapshot, path, broken }) = checkpoint::newest(&dir)? else { return Ok(None) };
    for (folder, error) in &broken {
        let place = if error.is_unreadable() {
            "left where it is".to_owned()
        } else {
            format!("set aside as {}", short(&checkpoint::set_aside(folder).map_err(RunDirError::Write)?))
        };
        note(&format!("warning: {error}\n  {place}; going back to {}", short(&path)));
    }
    checkpoint::prune(&dir).map_err(RunDirError::Write)?;
    Ok(Some(snapshot))
}

/// What all runs of a process share.
pub(crate) struct Session<'a> {
    pub(crate) args: &'a TrainArgs,
    pub(crate) sets: (TrainSet, ValidationSet),
    pub(crate) signals: Signals,
    /// The folder of several runs, if that is what `--resume` goes on with.
    folder: Option<PathBuf>,
}

impl<'a> Session<'a> {
    /// Loads the pictures, and listens to signals from then on.
    pub(crate) fn new(args: &'a TrainArgs, config: &Config, folder: Option<PathBuf>) -> anyhow::Result<Self> {
        let sets = data::training_sets(config, &crate::paths::data_dir(&args.data_dir))?;
        Ok(Self { args, sets, signals: Signals::listen()?, folder })
    }

    /// Says what all runs train with.
    pub(crate) fn announce(&self, config: &Config, opened: &Opened) {
        if let Some(notice) = &opened.notice {
            note(&format!("note: {notice}"));
        }
        let parameters: usize = config.architecture().layers().iter().map(|layer| layer.parameters).sum();
        let (train, validation) = &self.sets;
        note(&format!(
            "{}: {} pictures to train on, {} to validate",
            config.data().dataset.title(),
            train.subset().len(),
            validation.subset().len(),
        ));
        note(&format!("{parameters} parameters, {} on {}", opened.backend.name(), hardware(opened)));
    }
}

fn learn(
    session: &Session<'_>,
    config: &Config,
    opened: &Opened,
    run: &RunDir,
    snapshot: Option<Snapshot>,
) -> anyhow::Result<Trained> {
    let Session { args, sets: (train, validation), signals, folder } = session;
    let again = folder.as_deref().unwrap_or(run.path());
    note(&format!("run directory: {}", short(run.path())));
    let step = snapshot.as_ref().map_or(0, |snapshot| snapshot.position.step);
    let board = board(args, run, step)?;
    let mut progress = Progress::new(Recorder::new(run, step)?, board, signals.share());
    let outcome = fit(
        config.architecture(),
        config.train(),
        train,
        validation,
        &opened.device,
        snapshot,
        &mut progress,
    );
    progress.clear();
    match outcome.map_err(|error| outcome::explain(args, error, run, again))? {
        Outcome::Finished(best) => {
            let took = progress.learned();
            validation::conclude(run, config, validation, progress.into_best_answers(), opened)?;
            Trained::now(run, best, took)
        }
        Outcome::Stopped(at) => {
            Err(outcome::stopped(args, run, again, &at, signals.received().unwrap_or_default()))
        }
    }
}

/// Event files for TensorBoard, if they are asked for or the run has begun with them.
fn board(args: &TrainArgs, run: &RunDir, step: usize) -> anyhow::Result<Option<TensorBoard>> {
    if args.tensorboard || (args.resume && tensorboard::folder(run).is_dir()) {
        return Ok(Some(TensorBoard::new(run, step)?));
    }
    Ok(None)
}

fn circumstances(config: &Config, opened: &Opened) -> RunInfo {
    RunInfo {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        backend: opened.backend.name().to_owned(),
        hardware: hardware(opened),
        platform: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        threads: available_parallelism().map_or(1, |n| n.get()),
        dataset: config.data().dataset.to_string(),
        data_sha256: data::checksums(config.data().dataset),
        seed: config.train().seed,
        started: now(),
        resumed: Vec::new(),
    }
}

/// The adapter's name, or the processor's where the system tells it.
fn hardware(opened: &Opened) -> String {
    let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    match name {
        Some((_, name)) if opened.hardware == "CPU" => name.trim().to_owned(),
        _ => opened.hardware.clone(),
    }
}
