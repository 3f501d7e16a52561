//! `train`: the lecture's second assignment.

use std::path::Path;
use std::thread::available_parallelism;

use dataset::{TrainSet, ValidationSet};
use learner::checkpoint::{self, Newest};
use learner::claim::Claim;
use learner::fit::{Outcome, fit};
use learner::recorder::Recorder;
use learner::run_dir::{Resumed, RunDir, RunDirError, RunInfo, now};
use learner::snapshot::Snapshot;
use learner::{Config, config_text, resume};
use model::device::{self, Opened};

use crate::args::TrainArgs;
use crate::data;
use crate::exit::{note, print};
use crate::paths::{read_config, read_config_from, runs_dir, short};
use crate::progress::Progress;
use crate::report;
use crate::signals::Signals;

pub(crate) fn run(args: &TrainArgs) -> anyhow::Result<()> {
    if args.resume {
        return go_on(args);
    }
    let config = read_config(&args.config)?;
    if args.print_config {
        return print(&config_text::print(&config)?);
    }
    // First of all: a second process should not download anything before it is told so.
    let mut claim = match &args.run_dir {
        Some(path) => Claim::new_run(path)?,
        None => {
            let stem = args.config.config.as_deref().and_then(Path::file_stem);
            let stem = stem.map_or("run".into(), |stem| stem.to_string_lossy());
            Claim::numbered(&runs_dir(), &stem)?
        }
    };
    let opened = device::open(args.backend.wish())?;
    let sets = data::training_sets(&config, &crate::paths::data_dir(&args.data_dir))?;
    let signals = Signals::listen()?;
    claim.begin(&config, &circumstances(&config, &opened))?;
    learn(args, &config, &opened, claim.run(), &sets, None, signals)
}

/// `train --resume`.
fn go_on(args: &TrainArgs) -> anyhow::Result<()> {
    let path = match &args.run_dir {
        Some(path) => path.clone(),
        None => {
            let runs = runs_dir();
            let latest = RunDir::latest(&runs, false)?.ok_or(RunDirError::NoRuns(runs))?;
            note(&format!("the latest run is {}", short(latest.path())));
            latest.path().to_owned()
        }
    };
    let run = RunDir::open(&path)?;
    // Before the configuration is read, which another process may be changing.
    let claim = Claim::existing(&path)?;
    let config = read_config_from(&args.config, Some(&run.config_file()))?;
    resume::check(&run.config()?, &config)?;
    if args.print_config {
        return print(&config_text::print(&config)?);
    }
    let mut info = run.info()?;
    // Another backend would end in other bits, so it has to be asked for by name.
    let opened = device::open(args.backend.wish().or(Some(info.backend)))?;
    let sets = data::training_sets(&config, &crate::paths::data_dir(&args.data_dir))?;
    let signals = Signals::listen()?;
    let snapshot = newest_good(&run)?;
    let step = snapshot.as_ref().map_or(0, |snapshot| snapshot.position.step);
    info.resumed.push(Resumed {
        step,
        time: now(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        backend: opened.backend,
    });
    claim.go_on(&config, &info)?;
    note(&format!("going on after step {step}"));
    learn(args, &config, &opened, &run, &sets, snapshot, signals)
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

fn learn(
    args: &TrainArgs,
    config: &Config,
    opened: &Opened,
    run: &RunDir,
    (train, validation): &(TrainSet, ValidationSet),
    snapshot: Option<Snapshot>,
    signals: Signals,
) -> anyhow::Result<()> {
    announce(config, opened, run, train, validation);
    let step = snapshot.as_ref().map_or(0, |snapshot| snapshot.position.step);
    let mut progress = Progress::new(Recorder::new(run, step)?, signals.share());
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
    match outcome.map_err(|error| report::explain(args, error, run))? {
        Outcome::Finished(best) => report::finished(args, run, &best, &progress),
        Outcome::Stopped(at) => Err(report::stopped(args, run, &at, signals.received().unwrap_or_default())),
    }
}

fn circumstances(config: &Config, opened: &Opened) -> RunInfo {
    RunInfo {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        backend: opened.backend,
        hardware: hardware(opened),
        platform: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        threads: available_parallelism().map_or(1, |n| n.get()),
        dataset: config.data().dataset,
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

fn announce(config: &Config, opened: &Opened, run: &RunDir, train: &TrainSet, validation: &ValidationSet) {
    if let Some(notice) = &opened.notice {
        note(&format!("note: {notice}"));
    }
    let parameters: usize = config.architecture().layers().iter().map(|layer| layer.parameters).sum();
    note(&format!(
        "{}: {} pictures to train on, {} to validate",
        config.data().dataset.title(),
        train.subset().len(),
        validation.subset().len(),
    ));
    note(&format!("{parameters} parameters, {} on {}", opened.backend.name(), hardware(opened)));
    note(&format!("run directory: {}", short(run.path())));
}
