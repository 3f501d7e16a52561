//! Opens the folder of a sweep. The first process that comes makes it.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use dataset::Description;
use learner::config::{self, ConfigError};
use learner::run::{RunDirError, RunLock};
use learner::sweep::{Plan, Space, SweepDir, Trial};

use crate::args::SweepRunArgs;
use crate::exit::usage;
use crate::open::device;
use crate::open::disk_limits;
use crate::open::run_data;
use crate::paths::data_dir;

/// How long another process may take to make the folder. It writes four small files.
const PATIENCE: Duration = Duration::from_secs(30);

/// The sweep that the arguments name.
pub(super) fn open_or_make(args: &SweepRunArgs) -> anyhow::Result<SweepDir> {
    let Some(file) = &args.sweep else { return Ok(SweepDir::open(&args.dir)?) };
    let plan = read(file, args)?;
    // Before the folder is made, because a number that is refused should leave nothing behind.
    args.only.map(|number| trial(&plan, number)).transpose()?;
    let began = Instant::now();
    loop {
        match SweepDir::open(&args.dir) {
            Err(RunDirError::NoSweep(_)) => (),
            sweep => {
                let sweep = sweep?;
                sweep.check_same(&plan)?;
                return Ok(sweep);
            }
        }
        match RunLock::new_run(&args.dir) {
            Ok(mut lock) => {
                disk_limits::warn_of_training(&lock);
                let opened = device::open(args.backend.requested())?;
                let data_dir = run_data::of_new(&args.data_dir, plan.base());
                return Ok(SweepDir::create(&mut lock, plan, opened.backend.name(), data_dir.as_deref())?);
            }
            // Another process is making it.
            Err(RunDirError::Locked(_)) if began.elapsed() < PATIENCE => {
                thread::sleep(Duration::from_millis(50));
            }
            // Another process has just made it, or something else is there.
            Err(error @ RunDirError::Exists { .. }) if !SweepDir::is_at(&args.dir) => {
                return Err(error.into());
            }
            Err(RunDirError::Exists { .. }) => (),
            Err(error) => return Err(error.into()),
        }
    }
}

/// The trial of a number.
///
/// # Errors
/// If the plan has fewer trials.
pub(super) fn trial(plan: &Plan, number: u64) -> anyhow::Result<&Trial> {
    let trials = plan.trials();
    let found = trials.iter().find(|trial| trial.number == number);
    found.ok_or_else(|| usage(format!("--only {number}: there are {} trials, from 1", trials.len())))
}

/// Reads a sweep's file and the configuration that it names.
fn read(file: &Path, args: &SweepRunArgs) -> anyhow::Result<Plan> {
    let text = |path: &Path| {
        let unreadable = |error: std::io::Error| ConfigError::Unreadable {
            path: path.display().to_string(),
            reason: error.to_string(),
        };
        fs::read(path).map_err(unreadable)
    };
    let space = Space::parse_bytes(&file.display().to_string(), &text(file)?)?;
    let dir = data_dir(&args.data_dir);
    let describe = |name| Description::of(name, &dir);
    let (name, base) = match &space.config {
        Some(config) => {
            let path = file.parent().unwrap_or(Path::new("")).join(config);
            (path.display().to_string(), text(&path)?)
        }
        None => ("the default configuration".to_owned(), Vec::new()),
    };
    let base = config::parse_bytes_with(&name, &base, &args.set, &describe)?;
    Ok(Plan::new(space, base, &describe)?)
}
