//! `mnist-cnn`: the lecture's three assignments, `show`, `train` and `test`, and what belongs to them.

use std::process::ExitCode;

use clap::Parser;

mod args;
mod bench;
mod data;
mod exit;
mod hint;
mod inspect;
mod outcome;
mod page;
mod paths;
mod picture;
mod progress;
mod report_command;
mod screen;
mod seeds_table;
mod show;
mod signals;
mod summary;
mod tensorboard;
mod test;
mod test_compare;
mod test_seeds;
mod test_table;
mod tester;
mod train;
mod train_seeds;
mod ui;
mod validation;

use args::{Args, Command};

/// A training step allocates and frees a dozen megabytes; see docs/performance.md.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let args = Args::parse();
    exit::guard(|| match args.command {
        Command::Train(args) => train::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Show(args) => show::run(&args),
        Command::Report(args) => report_command::run(&args),
        Command::Inspect(args) => inspect::run(&args),
        Command::Summary(args) => summary::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Data(command) => data::run(&command),
        Command::Completions { shell } => exit::print(&args::completions(shell)),
    })
}
