//! Trains over several processes with the engines that people have for it, and checks that nothing depends on them.

mod bits;
mod kills;
mod lab;
mod refusals;
mod time;

use std::path::Path;

use anyhow::{Result, ensure};

use crate::command::say;
use lab::Lab;

/// What is tried, and how thoroughly.
#[derive(Debug, clap::Args)]
pub(crate) struct MachinesArgs {
    /// Only those whose names contain this: bits, kills, refusals, time.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// How often processes are killed.
    #[arg(long, value_name = "N", default_value_t = 20)]
    kills: u32,
    /// How often each time is measured, in turn.
    #[arg(long, value_name = "N", default_value_t = 5)]
    rounds: usize,
    /// Seed of the random moments.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

type Trial = fn(&Lab, &MachinesArgs) -> Result<()>;

const TRIALS: [(&str, Trial); 4] = [
    ("bits", |lab, _| bits::run(lab)),
    ("kills", |lab, args| kills::run(lab, args.kills, args.seed)),
    ("refusals", |lab, _| refusals::run(lab)),
    ("time", |lab, args| time::run(lab, args.rounds)),
];

pub(crate) fn run(root: &Path, args: &MachinesArgs) -> Result<()> {
    let lab = Lab::new(root)?;
    let wanted = args.only.as_deref().unwrap_or_default();
    let trials: Vec<_> = TRIALS.iter().filter(|(name, _)| name.contains(wanted)).collect();
    ensure!(!trials.is_empty(), "nothing that is tried has a name with {wanted:?} in it");
    for (name, trial) in trials {
        say(&format!("\n=== {name}"));
        trial(&lab, args)?;
    }
    Ok(())
}
