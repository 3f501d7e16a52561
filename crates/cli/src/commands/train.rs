//! `train`, the lecture's second assignment: begins or resumes a run, or several.

use std::path::Path;

use learner::config;
use learner::exchange::Exchange;
use learner::run::find::{self, RunOrSeeds};
use learner::run::training::ResumePoint;
use learner::run::{RunDir, RunDirError, RunLock};

use crate::args::TrainArgs;
use crate::exit::{Interrupted, note, print, usage};
use crate::open::device;
use crate::open::disk_limits;
use crate::open::run_data;
use crate::open::team::Team;
use crate::paths::{data_dir, read_config, read_config_from, runs_dir, short};
use crate::signals::Signals;

mod following;
mod initial;
mod one_seed;
pub(crate) mod outcome;
pub(crate) mod seeds;
mod seeds_table;
pub(crate) mod session;

use session::{Begun, TrainSession};

pub(crate) fn run(args: &TrainArgs, signals: &Signals) -> anyhow::Result<()> {
    let team = Team::join();
    let exchange = team.exchange();
    let ended = if exchange.size() > 1 && args.seeds.is_some() {
        Err(alone("--seeds"))
    } else if exchange.rank() == 0 {
        lead(args, signals, exchange)
    } else if args.print_config {
        Ok(())
    } else {
        following::run(args, signals, exchange)
    };
    if ended.as_ref().map_or_else(|error| error.is::<Interrupted>(), |()| true) {
        team.finish();
    }
    ended
}

/// The error of several processes where each run is trained by one.
fn alone(what: &str) -> anyhow::Error {
    usage(format!(
        "{what} trains one run after another, and several processes were started to train one run together; start the \
         program by itself"
    ))
}

/// What a process does that trains alone, or is the first of several.
fn lead(args: &TrainArgs, signals: &Signals, exchange: &dyn Exchange) -> anyhow::Result<()> {
    if args.resume {
        return resume(args, signals, exchange);
    }
    let config = read_config(&args.config, &args.options.data_dir)?;
    if args.print_config {
        return print(&config::to_toml(&config)?);
    }
    let initial = args.init.as_deref().map(|from| initial::read(from, args, &config)).transpose()?;
    if let (Some(count), Some(number)) = (args.seeds, args.only) {
        return one_seed::run(args, signals, &config, [number, count], initial);
    }
    // The folder is locked first of all that is written, so that a second process is refused before it downloads anything.
    let lock = lock_new(args)?;
    disk_limits::warn_of_training(&lock);
    if let Some(count) = args.seeds {
        return seeds::begin(args, signals, &config, count, initial, lock);
    }
    let opened = device::open(args.options.backend.requested())?;
    let begun = Begun { config: &config, opened: &opened, exchange };
    let session = TrainSession::new(&args.options, signals, begun, &data_dir(&args.options.data_dir), None)?;
    let session = session.beginning_with(initial);
    session.announce(&config, &opened);
    outcome::finished(&args.options, &session.begin(&config, &opened, lock)?)
}

/// Locks the folder that the arguments name, or the next numbered one.
fn lock_new(args: &TrainArgs) -> Result<RunLock, RunDirError> {
    match &args.run_dir {
        Some(path) => RunLock::new_run(path),
        None => {
            let stem = args.config.config.as_deref().and_then(Path::file_stem);
            let stem = stem.map_or("run".into(), |stem| stem.to_string_lossy());
            RunLock::numbered(&runs_dir(), &stem)
        }
    }
}

/// `train --resume`.
fn resume(args: &TrainArgs, signals: &Signals, exchange: &dyn Exchange) -> anyhow::Result<()> {
    let found = match &args.run_dir {
        Some(path) => RunOrSeeds::open(path)?,
        None => {
            let runs = runs_dir();
            let latest =
                find::latest(&runs, false)?.ok_or_else(|| RunDirError::NoRuns(short(&runs).into()))?;
            note(&format!("the latest run is {}", short(latest.path())));
            latest
        }
    };
    match found {
        RunOrSeeds::Run(run) => resume_run(args, signals, exchange, &run),
        RunOrSeeds::Seeds(_) if exchange.size() > 1 => Err(alone("--resume with a folder of several runs")),
        RunOrSeeds::Seeds(seeds) => seeds::resume(args, signals, &seeds),
    }
}

fn resume_run(
    args: &TrainArgs,
    signals: &Signals,
    exchange: &dyn Exchange,
    run: &RunDir,
) -> anyhow::Result<()> {
    // The lock comes before the configuration is read, because another process may be changing it.
    let lock = RunLock::existing_run(run.path())?;
    disk_limits::warn_of_training(&lock);
    // The run's own configuration is read first, because only the run knows which version wrote it.
    let begun_with = run.config()?;
    run.check_trained()?;
    let file = run.file(run_files::names::CONFIG);
    let config = read_config_from(&args.config, Some(&file), &|name| run.describe(name))?;
    config::resume::check(&begun_with, &config)?;
    if args.print_config {
        return print(&config::to_toml(&config)?);
    }
    // Another backend would end in other bits, so the user has to ask for it by name.
    let opened = device::open(Some(session::backend_of(&args.options, run)?))?;
    let data_dir = run_data::for_run(&args.options.data_dir, run, &config);
    let begun = Begun { config: &config, opened: &opened, exchange };
    let session = TrainSession::new(&args.options, signals, begun, &data_dir, None)?;
    session.announce(&config, &opened);
    let point = ResumePoint::find(run)?;
    outcome::finished(&args.options, &session.resume(&config, &opened, &lock, point)?)
}
