//! `mnist-cnn`: the lecture's three assignments, `show`, `train` and `test`, and what belongs to them.

use std::process::ExitCode;

use clap::Parser;

mod args;
mod commands;
mod exit;
mod hint;
mod open;
mod paths;
mod signals;
mod ui;

use args::{Args, Command};
use commands::{
    bench, data, export, import, inspect, predict, report, serve, show, summary, sweep, test, train,
};
use signals::Signals;

/// A training step allocates and frees a dozen megabytes; see docs/performance.md.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let args = Args::parse();
    exit::guard(|| run(args.command))
}

fn run(command: Command) -> anyhow::Result<()> {
    let signals = Signals::listen()?;
    match command {
        Command::Train(args) => train::run(&args, &signals),
        Command::Test(args) => test::run(&args),
        Command::Show(args) => show::run(&args),
        Command::Predict(args) => predict::run(&args),
        Command::Serve(args) => serve::run(&args, &signals),
        Command::Report(args) => report::run(&args),
        Command::Inspect(args) => inspect::run(&args),
        Command::Summary(args) => summary::run(&args),
        Command::Sweep(command) => sweep::run(&command, &signals),
        Command::Export(args) => export::run(&args),
        Command::Import(args) => import::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Data(command) => data::run(&command),
        Command::Completions { shell } => exit::print(&args::completions(shell)),
    }
}
