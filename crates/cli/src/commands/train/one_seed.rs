//! `train --seeds N --only K`: trains one of several runs, for the job arrays of clusters.
//!
//! The folder of the runs is locked only while it is made. After that each process locks its own run, so any number of
//! them train at once, and a process that is started again with the same command goes on where the last one ended.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use learner::Config;
use learner::config;
use learner::exchange::Alone;
use learner::run::initial::InitialWeights;
use learner::run::{RunDirError, RunLock, SeedsDir, plan_seeds};
use model::device::Opened;

use crate::args::TrainArgs;
use crate::commands::train::outcome;
use crate::commands::train::seeds::train_one;
use crate::commands::train::session::{Begun, TrainSession};
use crate::exit::{note, usage};
use crate::open::{device, run_data};
use crate::paths::short;
use crate::signals::Signals;

/// How long another process may take to make the folder. It writes two small files.
const PATIENCE: Duration = Duration::from_secs(30);

/// Trains run `number` of `count`, from 1.
pub(super) fn run(
    args: &TrainArgs,
    signals: &Signals,
    config: &Config,
    [number, count]: [u64; 2],
    initial: Option<InitialWeights>,
) -> anyhow::Result<()> {
    if number > count {
        return Err(usage(format!("--only {number}: there are {count} runs, from 1")));
    }
    let opened = device::open(args.options.backend.requested())?;
    let path = args.run_dir.as_deref().unwrap_or(Path::new("."));
    let seeds = open_or_make(args, config, count, initial.as_ref(), &opened, path)?;
    let seed = check_same(&seeds, config, [number, count])?;
    let data_dir = run_data::for_seeds(&args.options.data_dir, &seeds, config);
    let begun = Begun { config, opened: &opened, exchange: &Alone };
    let session = TrainSession::new(&args.options, signals, begun, &data_dir, None)?.beginning_with(initial);
    session.announce(config, &opened);
    note(&format!("seed {number} of {count}: train.seed = {seed}"));
    let trained = train_one(&session, &config.with_seed(seed)?, &opened, &seeds.run_path(seed))?;
    outcome::finished(&args.options, &trained)
}

/// The folder of the runs. The first process that comes makes it.
fn open_or_make(
    args: &TrainArgs,
    config: &Config,
    count: u64,
    initial: Option<&InitialWeights>,
    opened: &Opened,
    path: &Path,
) -> anyhow::Result<SeedsDir> {
    let mut info = plan_seeds(config, count, opened.backend.name())?;
    info.init = initial.map(|initial| initial.source().clone());
    let began = Instant::now();
    loop {
        match SeedsDir::open(path) {
            Err(RunDirError::NoRun(_)) => (),
            seeds => return Ok(seeds?),
        }
        match RunLock::new_run(path) {
            Ok(mut lock) => {
                // The folder keeps the weights for the runs that others begin.
                initial.map(|initial| initial.write(lock.path())).transpose()?;
                return Ok(lock.begin_seeds(
                    config,
                    info,
                    run_data::of_new(&args.options.data_dir, config).as_deref(),
                )?);
            }
            // Another process is making it.
            Err(RunDirError::Locked(_)) if began.elapsed() < PATIENCE => {
                thread::sleep(Duration::from_millis(50));
            }
            // Another process has just made it, or something else is there.
            Err(error @ RunDirError::Exists { .. }) => return SeedsDir::open(path).map_err(|_| error.into()),
            Err(error) => return Err(error.into()),
        }
    }
}

/// Checks that the folder's runs are the ones that are meant, and gives the seed of the one with this number.
fn check_same(seeds: &SeedsDir, config: &Config, [number, count]: [u64; 2]) -> anyhow::Result<u64> {
    config::resume::check(&seeds.config()?, config)?;
    let all = seeds.seeds();
    let seed = all.get(usize::try_from(number - 1).unwrap_or(usize::MAX));
    match seed.filter(|_| all.len() as u64 == count) {
        Some(seed) => Ok(*seed),
        None => Err(usage(format!(
            "--seeds {count}: {} was begun with {} runs; name as many",
            short(seeds.path()),
            all.len()
        ))),
    }
}
