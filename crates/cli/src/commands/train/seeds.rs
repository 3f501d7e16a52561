//! `train --seeds`: trains a run for each seed, one after the other in one folder.

use std::path::Path;

use dataset::Split;
use learner::Config;
use learner::config;
use learner::exchange::Alone;
use learner::run::initial::InitialWeights;
use learner::run::training::{self, ResumePoint, TrainError};
use learner::run::{RunDir, RunDirError, RunLock, SeedsDir, plan_seeds};
use learner::train::FitError;
use model::device::Opened;
use run_files::names;

use crate::args::{RunOptions, TrainArgs};
use crate::commands::page;
use crate::commands::train::outcome::{TrainedRun, resume_command};
use crate::commands::train::seeds_table;
use crate::commands::train::session::{Begun, TrainSession, backend_of, known_backend};
use crate::exit::{Interrupted, note, print};
use crate::hint::run_dir_error;
use crate::open::device;
use crate::open::disk_limits;
use crate::open::run_data;
use crate::paths::{data_dir, read_config_from, short};
use crate::signals::Signals;

/// Trains `count` new runs in a folder that was locked for them.
pub(super) fn begin(
    args: &TrainArgs,
    signals: &Signals,
    config: &Config,
    count: u64,
    initial: Option<InitialWeights>,
    mut lock: RunLock,
) -> anyhow::Result<()> {
    let opened = device::open(args.options.backend.requested())?;
    // The seeds are checked before any data is fetched.
    let mut info = plan_seeds(config, count, opened.backend.name())?;
    info.init = initial.as_ref().map(|initial| initial.source().clone());
    let data_dir = data_dir(&args.options.data_dir);
    let begun = Begun { config, opened: &opened, exchange: &Alone };
    let session = TrainSession::new(&args.options, signals, begun, &data_dir, Some(lock.path().to_owned()))?;
    // The folder keeps the weights for the runs that a resume has to begin.
    initial.as_ref().map(|initial| initial.write(lock.path())).transpose()?;
    let session = session.beginning_with(initial);
    let seeds = lock.begin_seeds(config, info, session.data.data_dir.as_deref())?;
    train_each(&session, config, &opened, &seeds)
}

/// `train --resume` with a folder of several runs.
pub(super) fn resume(args: &TrainArgs, signals: &Signals, seeds: &SeedsDir) -> anyhow::Result<()> {
    // The lock comes before the configuration is read, because another process may be changing it.
    let lock = RunLock::existing_seeds(seeds.path())?;
    // The runs' own locks are on the same file system, so their limits are not named again.
    disk_limits::warn_of_training(&lock);
    // The folder's own configuration is read first, because only the folder knows which version wrote it.
    let begun_with = seeds.config()?;
    let file = seeds.file(names::SEEDS_CONFIG);
    let config = read_config_from(&args.config, Some(&file), &|name| seeds.describe(name))?;
    config::resume::check(&begun_with, &config)?;
    if args.print_config {
        return print(&config::to_toml(&config)?);
    }
    let begun_with = seeds.info().backend.as_deref();
    let known =
        |name| known_backend(name, &seeds.file(names::SEEDS)).map_err(|error| seeds.with_version(error));
    let begun_with = begun_with.map(known).transpose()?;
    let opened = device::open(args.options.backend.requested().or(begun_with))?;
    let data_dir = run_data::for_seeds(&args.options.data_dir, seeds, &config);
    let begun = Begun { config: &config, opened: &opened, exchange: &Alone };
    let session = TrainSession::new(&args.options, signals, begun, &data_dir, Some(seeds.path().to_owned()))?;
    let initial = seeds.info().init.as_ref().map(|source| InitialWeights::read(seeds.path(), source));
    let session = session.beginning_with(initial.transpose()?);
    lock.resume_seeds(&config, session.data.data_dir.as_deref())?;
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
    let (mut runs, mut failures) = (Vec::new(), Vec::new());
    for (done, &seed) in seeds.seeds().iter().enumerate() {
        // A run does not react to a signal that comes after its last step.
        if let Some(signal) = session.signals.received() {
            return Err(stopped(session.options, seeds, done, signal).into());
        }
        note(&format!("\nseed {} of {count}: train.seed = {seed}", done + 1));
        let path = seeds.run_path(seed);
        match train_one(session, &config.with_seed(seed)?, opened, &path) {
            Ok(run) => runs.push(run),
            Err(error) if would_end_others(&error) => return Err(error),
            Err(error) => {
                note(&format!("error: {error:#}"));
                failures.push((short(&path), error));
            }
        }
    }
    if !failures.is_empty() {
        return Err(failed(failures, count));
    }
    // If all runs were finished before, the page may show tests. It is kept, because training does not load
    // the images of the test set.
    let models: Vec<&str> = runs.iter().map(|run| run.weights_sha256.as_str()).collect();
    if runs.iter().any(|run| run.is_new) || !page::shows(&seeds.file(names::PAGE), &models) {
        let images = page::only(Split::Validation, session.data.validation.subset());
        let shown = seeds
            .runs()
            .iter()
            .map(|run| page::gather(run, &run.best_model()?, &images))
            .collect::<anyhow::Result<Vec<_>>>()?;
        seeds.write(names::PAGE, page::html(&shown)?.as_bytes())?;
    }
    seeds_table::finished(session.options, seeds, &runs)
}

/// Whether the runs after this one would end in the same way: a signal came, or the disk takes nothing more.
pub(crate) fn would_end_others(error: &anyhow::Error) -> bool {
    error.is::<Interrupted>()
        || error.chain().any(|cause| {
            matches!(cause.downcast_ref(), Some(FitError::Observer(_)))
                || matches!(cause.downcast_ref(), Some(TrainError::TensorBoard(_)))
                || matches!(run_dir_error(cause), Some(RunDirError::Write(_)))
        })
}

/// The error of runs that could not be trained to their end, while the others could. It has the exit code of
/// the first of them.
pub(crate) fn failed(failures: Vec<(String, anyhow::Error)>, count: usize) -> anyhow::Error {
    let (names, errors): (Vec<String>, Vec<anyhow::Error>) = failures.into_iter().unzip();
    let text = format!("{} of {count} runs failed: {}", names.len(), names.join(", "));
    match errors.into_iter().next() {
        Some(first) => first.context(text),
        None => anyhow::Error::msg(text),
    }
}

/// Skips a finished run, resumes an unfinished one, begins a missing one.
pub(crate) fn train_one(
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
        && let Some(finished) = training::finished(&run)?
        && page::shows(&run.file(names::PAGE), &[&finished.model.sha256])
    {
        note(&format!("{} is finished already", short(path)));
        let warnings = session.warnings(config, &finished)?;
        return Ok(TrainedRun::before(&finished, warnings));
    }
    config::resume::check(&begun_with, config)?;
    let backend = backend_of(session.options, &run)?;
    let point = ResumePoint::find(&run)?;
    if backend == opened.backend {
        return session.resume(config, opened, &lock, point);
    }
    session.resume(config, &device::open(Some(backend))?, &lock, point)
}

/// The error of a signal that came between two runs.
fn stopped(options: &RunOptions, seeds: &SeedsDir, done: usize, signal: u8) -> Interrupted {
    let text = format!(
        "Stopped after {done} of {} runs; everything is kept in {}.\nResume: {}",
        seeds.seeds().len(),
        short(seeds.path()),
        resume_command(options, seeds.path())
    );
    Interrupted { signal, text }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::path::PathBuf;

    use anyhow::Context;

    use super::*;

    #[test]
    fn a_signal_and_a_full_disk_end_the_other_runs_too() {
        let full = || io::Error::from(io::ErrorKind::StorageFull);
        let observer = Err::<(), _>(FitError::Observer(full())).context("stopped").unwrap_err();
        let ending = [
            Interrupted { signal: 2, text: String::new() }.into(),
            observer,
            TrainError::TensorBoard(full()).into(),
            TrainError::from(RunDirError::Write(full())).into(),
        ];
        assert!(ending.iter().all(would_end_others));
        let empty = FitError::Empty { train: 0, validation: 0 };
        let io = RunDirError::Io { path: PathBuf::new(), reason: full() };
        let own = [empty.into(), io.into(), RunDirError::NoModel(PathBuf::new()).into()];
        assert!(!own.iter().any(would_end_others));
    }

    #[test]
    fn failures_are_named_and_the_first_one_is_the_cause() {
        let failure = |name: &str| (name.to_owned(), anyhow::anyhow!("the cause of {name}"));
        let error = failed(vec![failure("a"), failure("b")], 3);
        assert_eq!(format!("{error:#}"), "2 of 3 runs failed: a, b: the cause of a");
    }
}
