//! `train --seeds`: trains a run for each seed, one after the other in one folder.

use std::path::Path;

use dataset::Split;
use learner::Config;
use learner::config;
use learner::run::training::{self, ResumePoint};
use learner::run::{RunDir, RunDirError, RunLock, SeedsDir, plan_seeds};
use model::device::{self, Opened};
use run_files::names;

use crate::args::TrainArgs;
use crate::commands::train::outcome::{TrainedRun, resume_command};
use crate::commands::train::seeds_table;
use crate::commands::train::session::{TrainSession, backend_of, known_backend};
use crate::commands::{disk_limits, page};
use crate::exit::{Interrupted, note, print};
use crate::paths::{read_config_from, short};
use crate::signals::Signals;

/// Trains `count` new runs in a folder that was locked for them.
pub(super) fn begin(
    args: &TrainArgs,
    signals: &Signals,
    config: &Config,
    count: u64,
    mut lock: RunLock,
) -> anyhow::Result<()> {
    let opened = device::open(args.backend.requested())?;
    let info = plan_seeds(config, count, opened.backend.name())?;
    let session = TrainSession::new(args, signals, config, Some(lock.path().to_owned()))?;
    let seeds = lock.begin_seeds(config, info)?;
    train_each(&session, config, &opened, &seeds)
}

/// `train --resume` with a folder of several runs.
pub(super) fn resume(args: &TrainArgs, signals: &Signals, seeds: &SeedsDir) -> anyhow::Result<()> {
    // The lock comes before the configuration is read, because another process may be changing it.
    let lock = RunLock::existing_seeds(seeds.path())?;
    // The runs' own locks are on the same file system, so their limits are not named again.
    disk_limits::warn_of_training(&lock);
    let config = read_config_from(&args.config, Some(&seeds.file(names::SEEDS_CONFIG)))?;
    config::resume::check(&seeds.config()?, &config)?;
    if args.print_config {
        return print(&config::to_toml(&config)?);
    }
    let begun_with = seeds.info().backend.as_deref();
    let begun_with = begun_with.map(|name| known_backend(name, &seeds.file(names::SEEDS))).transpose()?;
    let opened = device::open(args.backend.requested().or(begun_with))?;
    let session = TrainSession::new(args, signals, &config, Some(seeds.path().to_owned()))?;
    lock.resume_seeds(&config)?;
    train_each(&session, &config, &opened, seeds)
}

fn train_each(
    session: &TrainSession<'_>,
    config: &Config,
    opened: &Opened,
    seeds: &SeedsDir,
) -> anyhow::Result<()> {
    session.announce(config, opened);
    let count = seeds.seeds().len();
    let mut runs = Vec::new();
    for (done, &seed) in seeds.seeds().iter().enumerate() {
        // A run does not react to a signal that comes after its last step.
        if let Some(signal) = session.signals.received() {
            return Err(stopped(session.args, seeds, done, signal).into());
        }
        note(&format!("\nseed {} of {count}: train.seed = {seed}", done + 1));
        runs.push(train_one(session, &config.with_seed(seed)?, opened, &seeds.run_path(seed))?);
    }
    // If all runs were finished before, the page may show tests. It is kept, because training does not load
    // the images of the test set.
    if runs.iter().any(|run| run.is_new) || !seeds.file(names::PAGE).is_file() {
        let images = page::only(Split::Validation, session.data.validation.subset());
        let shown = seeds
            .runs()
            .iter()
            .map(|run| page::gather(run, &run.best_model()?, &images))
            .collect::<anyhow::Result<Vec<_>>>()?;
        seeds.write(names::PAGE, page::html(&shown)?.as_bytes())?;
    }
    seeds_table::finished(session.args, seeds, &runs)
}

/// Skips a finished run, resumes an unfinished one, begins a missing one.
fn train_one(
    session: &TrainSession<'_>,
    config: &Config,
    opened: &Opened,
    path: &Path,
) -> anyhow::Result<TrainedRun> {
    let run = match RunDir::open(path) {
        Err(RunDirError::NoRun(_)) => {
            return session.begin(config, opened, RunLock::new_run(path)?);
        }
        run => run?,
    };
    let lock = RunLock::existing_run(path)?;
    let begun_with = run.config()?;
    if begun_with == *config
        && run.file(names::PAGE).is_file()
        && let Some(finished) = training::finished(&run)?
    {
        note(&format!("{} is finished already", short(path)));
        return Ok(TrainedRun::before(&finished));
    }
    config::resume::check(&begun_with, config)?;
    let backend = backend_of(session.args, &run)?;
    let point = ResumePoint::find(&run)?;
    if backend == opened.backend {
        return session.resume(config, opened, &lock, point);
    }
    session.resume(config, &device::open(Some(backend))?, &lock, point)
}

/// The error of a signal that came between two runs.
fn stopped(args: &TrainArgs, seeds: &SeedsDir, done: usize, signal: u8) -> Interrupted {
    let text = format!(
        "Stopped after {done} of {} runs; everything is kept in {}.\nResume: {}",
        seeds.seeds().len(),
        short(seeds.path()),
        resume_command(args, seeds.path())
    );
    Interrupted { signal, text }
}
