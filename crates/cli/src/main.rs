//! `mnist-cnn`: the lecture's three assignments, `show`, `train` and `test`, and what belongs to them.

use std::process::ExitCode;

use clap::Parser;

mod args;
mod bench;
mod data;
mod evaluation_table;
mod exit;
mod inspect;
mod paths;
mod picture;
mod progress;
mod report;
mod show;
mod signals;
mod summary;
mod test;
mod train;

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
        Command::Inspect(args) => inspect::run(&args),
        Command::Summary(args) => summary::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Data(command) => data::run(&command),
        Command::Completions { shell } => args::print_completions(shell),
    })
}
