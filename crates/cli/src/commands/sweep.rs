//! `sweep`: trains configurations that differ in a few keys, and compares them on the validation images.

use crate::args::SweepCommand;
use crate::signals::Signals;

mod begin;
mod next;
mod results;
mod run;
mod show;
mod table;

pub(crate) fn run(command: &SweepCommand, signals: &Signals) -> anyhow::Result<()> {
    match command {
        SweepCommand::Run(args) => run::run(args, signals),
        SweepCommand::Status(args) => show::status(args),
        SweepCommand::Report(args) => show::report(args),
    }
}
