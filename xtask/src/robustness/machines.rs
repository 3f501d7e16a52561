//! Trains over several processes with the engines that people have for it, and checks that nothing depends on them.

mod bits;
mod daemon;
mod kills;
mod lab;
mod model;
mod optuna;
mod parallel;
mod refusals;
mod seeds;
mod slurm;
mod spaces;
mod sshd;
mod sweep;
mod time;

use std::path::Path;

use anyhow::{Result, ensure};

use crate::command::say;
use lab::Lab;

/// What is tried, and how thoroughly.
#[derive(Debug, clap::Args)]
pub(crate) struct MachinesArgs {
    /// Only those of these names: bits, kills, refusals, version, sweep, slurm, parallel, spaces, optuna, time, model, table.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    only: Vec<String>,
    /// Fewer kills and trials, no build of another version, and no times, which need a quiet machine.
    #[arg(long)]
    short: bool,
    /// How often processes are killed.
    #[arg(long, value_name = "N", default_value_t = 20)]
    kills: u32,
    /// How many trials the sweep has.
    #[arg(long, value_name = "N", default_value_t = 40)]
    trials: u32,
    /// How often each time is measured, in turn.
    #[arg(long, value_name = "N", default_value_t = 5)]
    rounds: usize,
    /// Seed of the random moments.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Make the Python environment for Optuna.
    #[arg(long)]
    setup: bool,
}

/// What a trial works with.
struct Work<'a> {
    lab: &'a Lab,
    root: &'a Path,
    data: &'a Path,
    args: &'a MachinesArgs,
}

type Trial = fn(&Work<'_>) -> Result<()>;

/// Their names, whether they are among the short ones, and what they do.
const TRIALS: [(&str, bool, Trial); 12] = [
    ("bits", true, |work| bits::run(work.lab)),
    ("kills", true, |work| {
        kills::run(work.lab, if work.args.short { 2 } else { work.args.kills }, work.args.seed)
    }),
    ("refusals", true, |work| refusals::run(work.lab)),
    ("version", false, |work| refusals::version::run(work.lab, work.root)),
    ("sweep", true, |work| {
        sweep::run(work.lab, if work.args.short { 8 } else { work.args.trials }, work.args.seed)
    }),
    ("slurm", true, |work| slurm::run(work.lab, work.root)),
    ("parallel", true, |work| parallel::run(work.lab, work.root)),
    ("spaces", true, |work| spaces::run(work.lab)),
    ("optuna", true, |work| optuna::run(work.lab, work.root, work.args.setup)),
    ("time", false, |work| time::run(work.lab, work.args.rounds)),
    ("model", false, |work| model::check(work.lab, work.data, work.args.rounds)),
    ("table", false, |work| model::table(work.lab, work.root)),
];

pub(crate) fn run(root: &Path, data: &Path, args: &MachinesArgs) -> Result<()> {
    let lab = Lab::new(root)?;
    let is_wanted = |name: &str, is_short: bool| match args.only.as_slice() {
        [] => is_short || !args.short,
        only => only.iter().any(|wanted| wanted == name),
    };
    let trials: Vec<_> = TRIALS.iter().filter(|(name, is_short, _)| is_wanted(name, *is_short)).collect();
    ensure!(!trials.is_empty(), "nothing that is tried has one of the names {:?}", args.only);
    let work = Work { lab: &lab, root, data, args };
    for (name, _, trial) in trials {
        say(&format!("\n=== {name}"));
        trial(&work)?;
    }
    Ok(())
}
