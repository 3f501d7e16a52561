//! `train`: the lecture's second assignment.

use std::path::Path;
use std::thread::available_parallelism;

use dataset::{TrainSet, ValidationSet};
use learner::checkpoint::Best;
use learner::fit::{FitError, fit};
use learner::run_dir::{Recorder, RunDir, RunInfo, now};
use learner::{Config, checkpoint, config_text};
use model::device::{self, Opened};
use serde::Serialize;

use crate::args::TrainArgs;
use crate::data;
use crate::exit::{note, print};
use crate::paths::{command, read_config, runs_dir, short};
use crate::progress::{Progress, duration};

pub(crate) fn run(args: &TrainArgs) -> anyhow::Result<()> {
    let config = read_config(&args.config)?;
    if args.print_config {
        return print(&config_text::print(&config)?);
    }
    let opened = device::open(args.backend.wish())?;
    let data_dir = crate::paths::data_dir(&args.data_dir);
    let (train, validation) = data::training_sets(&config, &data_dir)?;
    let run = create_run(args, &config, &opened)?;
    announce(&config, &opened, &run, &train, &validation);

    let mut progress = Progress::new(Recorder::new(&run)?);
    let result =
        fit(config.architecture(), config.train(), &train, &validation, &opened.device, &mut progress);
    let best = result.map_err(|error| explain(error, &run))?;
    report(args, &run, &best, &progress)
}

fn create_run(args: &TrainArgs, config: &Config, opened: &Opened) -> anyhow::Result<RunDir> {
    let path = match &args.run_dir {
        Some(path) => path.clone(),
        None => {
            let stem = args.config.config.as_deref().and_then(Path::file_stem);
            RunDir::free_name(&runs_dir(), &stem.map_or("run".into(), |stem| stem.to_string_lossy()))
        }
    };
    let info = RunInfo {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        backend: opened.backend,
        hardware: hardware(opened),
        platform: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        threads: available_parallelism().map_or(1, |n| n.get()),
        dataset: config.data().dataset,
        data_sha256: data::checksums(config.data().dataset),
        seed: config.train().seed,
        started: now(),
    };
    Ok(RunDir::create(&path, config, &info)?)
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

/// Adds where the last good model is to the reason why a run stopped.
fn explain(error: FitError, run: &RunDir) -> anyhow::Error {
    let best = checkpoint::best(&run.checkpoints());
    let kept = if best.is_dir() {
        format!("stopped; the best model before is kept in {}", short(&best))
    } else {
        "stopped before the end of the first epoch, so there is no model yet".to_owned()
    };
    anyhow::Error::new(error).context(kept)
}

/// What `train --json` prints.
#[derive(Serialize)]
struct TrainReport<'a> {
    run: &'a Path,
    best: Best,
    weights_sha256: String,
    seconds: f64,
    /// Where the system tells it.
    peak_memory_bytes: Option<u64>,
}

/// The most memory that the process had at a time.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(1024 * kibibytes)
}

fn report(args: &TrainArgs, run: &RunDir, best: &Best, progress: &Progress) -> anyhow::Result<()> {
    let (weights, _) = run.best_model()?;
    let took = progress.elapsed();
    if args.json {
        let report = TrainReport {
            run: run.path(),
            best: *best,
            weights_sha256: weights.sha256()?,
            seconds: took.as_secs_f64(),
            peak_memory_bytes: peak_memory(),
        };
        return print(&(serde_json::to_string_pretty(&report)? + "\n"));
    }
    let place = short(run.path());
    print(&format!(
        "Reached {:.2} % on validation (epoch {}, loss {:.4}) in {}.\nModel:  {}\nNext:   {}\n",
        100.0 * best.score.accuracy,
        best.epoch,
        best.score.loss,
        duration(took),
        short(&checkpoint::best(&run.checkpoints())),
        command(&format!("test -p {place}"))
    ))
}
