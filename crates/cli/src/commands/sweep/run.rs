//! `sweep run`: trains the trials of a sweep in turn, or one of them.
//!
//! Each trial is locked while it is trained, so any number of processes share a sweep: each takes the next trial that
//! nobody has.

use learner::exchange::Alone;
use learner::run::RunDirError;
use learner::sweep::{SweepDir, Trial, TrialState};
use learner::train::FitError;
use model::device::Opened;
use run_files::names;

use crate::args::{RunOptions, SweepRunArgs};
use crate::commands::sweep::next::{compare, go_on};
use crate::commands::sweep::{begin, show};
use crate::commands::train::outcome::{self, TrainedRun};
use crate::commands::train::seeds::{failed, train_one, would_end_others};
use crate::commands::train::session::{Begun, TrainSession, known_backend};
use crate::exit::{Interrupted, note, print};
use crate::hint::run_dir_error;
use crate::open::{device, run_data};
use crate::paths::short;
use crate::signals::Signals;

pub(super) fn run(args: &SweepRunArgs, signals: &Signals) -> anyhow::Result<()> {
    let sweep = begin::open_or_make(args)?;
    let begun_with = known_backend(&sweep.info().backend, &sweep.file(names::SWEEP))?;
    let opened = device::open(args.backend.requested().or(Some(begun_with)))?;
    let trainer = Trainer { sweep: &sweep, opened: &opened, options: &args.of_trial(), signals };
    match args.only {
        Some(number) => only(&trainer, number),
        None => {
            each(&trainer)?;
            show::finished(&sweep, args.json)
        }
    }
}

/// What all trials of a process are trained with.
struct Trainer<'a> {
    sweep: &'a SweepDir,
    opened: &'a Opened,
    options: &'a RunOptions,
    signals: &'a Signals,
}

/// How a trial ended.
enum Ended {
    Trained(TrainedRun),
    Failed(String),
}

/// Trains one trial, which may have been begun, finished or found to fail before.
fn only(trainer: &Trainer<'_>, number: u64) -> anyhow::Result<()> {
    let trial = begin::trial(trainer.sweep.plan(), number)?;
    let ended = match trainer.sweep.state(number)? {
        TrialState::Failed { reason } => Ended::Failed(reason),
        _ => trainer.train(trial)?,
    };
    match ended {
        // A trial is compared with the others, and never tested by itself.
        Ended::Trained(trained) => {
            outcome::finished_and_next(trainer.options, &trained, &compare(trainer.sweep.path()))
        }
        Ended::Failed(reason) => print(&format!("Trial {number} failed: {reason}\n")),
    }
}

/// Trains all trials that no other process has, until there are none.
fn each(trainer: &Trainer<'_>) -> anyhow::Result<()> {
    let mut failures: Vec<(u64, anyhow::Error)> = Vec::new();
    loop {
        let (mut trained, mut elsewhere, mut just_taken) = (0, 0, 0);
        for trial in trainer.sweep.plan().trials() {
            if let Some(signal) = trainer.signals.received() {
                return Err(trainer.stopped(signal).into());
            }
            let is_known = failures.iter().any(|(number, _)| *number == trial.number);
            match trainer.sweep.state(trial.number)? {
                TrialState::Failed { .. } | TrialState::Finished(_) => continue,
                TrialState::Begun { is_held: true } => elsewhere += 1,
                _ if is_known => continue,
                _ => match trainer.train(trial) {
                    Ok(_) => trained += 1,
                    Err(error) if is_taken(&error) => just_taken += 1,
                    Err(error) if would_end_others(&error) => return Err(error),
                    Err(error) => {
                        note(&format!("error: {error:#}"));
                        failures.push((trial.number, error));
                    }
                },
            }
        }
        // While this process trained, others may have been stopped and have left their trials. A trial that was locked
        // at the last moment may only have been looked at, as by `sweep status`.
        if just_taken == 0 && (elsewhere == 0 || trained == 0) {
            break;
        }
    }
    if failures.is_empty() {
        return Ok(());
    }
    let named = |(number, error)| (short(&trainer.sweep.trial_path(number)), error);
    Err(failed(failures.into_iter().map(named).collect(), trainer.sweep.plan().trials().len()))
}

impl Trainer<'_> {
    /// Trains a trial to its end, from its newest checkpoint if it was begun.
    fn train(&self, trial: &Trial) -> anyhow::Result<Ended> {
        let Self { sweep, opened, options, signals } = self;
        let plan = sweep.plan();
        note(&format!("\ntrial {} of {}: {}", trial.number, plan.trials().len(), trial.text(plan)));
        let data_dir = run_data::for_sweep(&options.data_dir, sweep, &trial.config);
        let begun = Begun { config: &trial.config, opened, exchange: &Alone };
        let session = TrainSession::new(options, signals, begun, &data_dir, None)?;
        match train_one(&session, &trial.config, opened, &sweep.trial_path(trial.number)) {
            Ok(trained) => Ok(Ended::Trained(trained)),
            Err(error) => {
                if let Some(interrupted) = error.downcast_ref::<Interrupted>() {
                    return Err(self.stopped(interrupted.signal).into());
                }
                let Some(reason) = not_finite(&error) else { return Err(error) };
                note(&format!("trial {} failed: {reason}", trial.number));
                sweep.note_failure(trial.number, reason.clone())?;
                Ok(Ended::Failed(reason))
            }
        }
    }

    /// The error of a signal.
    fn stopped(&self, signal: u8) -> Interrupted {
        let text = format!(
            "Stopped; everything is kept in {}.\nGo on: {}",
            short(self.sweep.path()),
            go_on(self.sweep.path())
        );
        Interrupted { signal, text }
    }
}

/// Whether another process has taken a trial.
fn is_taken(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        matches!(
            run_dir_error(cause),
            Some(RunDirError::Locked(_) | RunDirError::Exists { is_run: true, .. })
        )
    })
}

/// Why a trial cannot be trained by anybody, if that is the reason.
fn not_finite(error: &anyhow::Error) -> Option<String> {
    error.chain().find_map(|cause| match cause.downcast_ref() {
        Some(error @ FitError::NotFinite { .. }) => Some(error.to_string()),
        _ => None,
    })
}
