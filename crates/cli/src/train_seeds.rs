//! `train --seeds`: a run for each seed, one after the other in one folder.

use std::path::Path;

use learner::checkpoint::{self, Newest};
use learner::claim::Claim;
use learner::run_dir::{RunDir, RunDirError};
use learner::seeds::{self, SeedsDir};
use learner::{Config, config_text, recorder};
use model::device::{self, Opened};
use report::EvaluationFile;

use crate::args::TrainArgs;
use crate::exit::{Interrupted, note, print};
use crate::outcome::{Trained, resume_command};
use crate::page;
use crate::paths::{read_config_from, short};
use crate::seeds_table;
use crate::train::{self, Session};

/// Trains `count` new runs.
pub(crate) fn begin(args: &TrainArgs, config: &Config, count: u64) -> anyhow::Result<()> {
    let mut info = seeds::plan(config, count)?;
    let mut claim = train::claim_new(args)?;
    let opened = device::open(args.backend.wish())?;
    info.backend = Some(opened.backend.name().to_owned());
    let session = Session::new(args, config, Some(claim.run().path().to_owned()))?;
    let seeds = claim.begin_seeds(config, info)?;
    train_each(&session, config, &opened, &seeds)
}

/// `train --resume` with a folder of several runs.
pub(crate) fn go_on(args: &TrainArgs, seeds: &SeedsDir) -> anyhow::Result<()> {
    // Before the configuration is read, which another process may be changing.
    let claim = Claim::existing_seeds(seeds.path())?;
    let config = read_config_from(&args.config, Some(&seeds.config_file()))?;
    learner::resume::check(&seeds.config()?, &config)?;
    if args.print_config {
        return print(&config_text::print(&config)?);
    }
    let opened = device::open(args.backend.wish().or(seeds.backend()?))?;
    let session = Session::new(args, &config, Some(seeds.path().to_owned()))?;
    claim.go_on_seeds(&config)?;
    train_each(&session, &config, &opened, seeds)
}

fn train_each(
    session: &Session<'_>,
    config: &Config,
    opened: &Opened,
    seeds: &SeedsDir,
) -> anyhow::Result<()> {
    session.announce(config, opened);
    let count = seeds.seeds().len();
    let mut runs = Vec::new();
    for (done, &seed) in seeds.seeds().iter().enumerate() {
        // A run that is in its last epoch's end when a signal comes does not hear of it.
        if let Some(signal) = session.signals.received() {
            return Err(stopped(session.args, seeds, done, signal).into());
        }
        note(&format!("\nseed {} of {count}: train.seed = {seed}", done + 1));
        runs.push(train_one(session, &config.with_seed(seed), opened, &seeds.run_path(seed))?);
    }
    // If there was nothing left to do, the page there may show tests, whose pictures are not read here.
    if runs.iter().any(|run| run.is_new) || !seeds.page().is_file() {
        let validation = session.sets.1.subset();
        let pictures = |file: &EvaluationFile| {
            Ok(matches!(file, EvaluationFile::Validation(_)).then(|| validation.clone()))
        };
        let shown =
            seeds.runs().iter().map(|run| page::gather(run, pictures)).collect::<anyhow::Result<Vec<_>>>()?;
        page::write_several(&shown, &seeds.page())?;
    }
    seeds_table::finished(session.args, seeds, &runs)
}

/// Skips a finished run, goes on with an unfinished one, begins a missing one.
fn train_one(
    session: &Session<'_>,
    config: &Config,
    opened: &Opened,
    path: &Path,
) -> anyhow::Result<Trained> {
    let run = match RunDir::open(path) {
        Err(RunDirError::NoRun(_)) => {
            return train::begin(session, config, opened, Claim::new_run(path)?);
        }
        run => run?,
    };
    let claim = Claim::existing(path)?;
    let begun_with = run.config()?;
    if begun_with == *config
        && let Some(trained) = finished(&run)?
    {
        note(&format!("{} is finished already", short(path)));
        return Ok(trained);
    }
    learner::resume::check(&begun_with, config)?;
    let backend = session.args.backend.wish().unwrap_or(run.backend()?);
    if backend == opened.backend {
        return train::resume(session, config, opened, &claim);
    }
    train::resume(session, config, &device::open(Some(backend))?, &claim)
}

/// What a run reached, if it came to its end and all of it can still be read.
fn finished(run: &RunDir) -> anyhow::Result<Option<Trained>> {
    let Some(took) = recorder::finished_after(run)? else { return Ok(None) };
    if !run.page().is_file() {
        return Ok(None);
    }
    match checkpoint::newest(&run.checkpoints()) {
        Ok(Some(Newest { snapshot, broken, .. })) if broken.is_empty() => {
            snapshot.position.best.map(|best| Trained::before(run, best, took)).transpose()
        }
        // Going on says what is damaged, and mends what can be mended.
        _ => Ok(None),
    }
}

/// A signal came while no run was under way.
fn stopped(args: &TrainArgs, seeds: &SeedsDir, done: usize, signal: u8) -> Interrupted {
    let text = format!(
        "Stopped after {done} of {} runs; everything is kept in {}.\nGo on:  {}",
        seeds.seeds().len(),
        short(seeds.path()),
        resume_command(args, seeds.path())
    );
    Interrupted { signal, text }
}
