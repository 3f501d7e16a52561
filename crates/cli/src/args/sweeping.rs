//! The flags of `sweep`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

use crate::args::options::{BackendArg, DataDirArg, MemoryArg};
use crate::args::training::RunOptions;

#[derive(Debug, Subcommand)]
pub(crate) enum SweepCommand {
    /// Train the trials that nobody has trained yet; any number of processes may do so at once.
    Run(SweepRunArgs),
    /// Say how many trials are finished, and which is the best so far.
    Status(SweepShowArgs),
    /// List the trials, the best on validation first, and write a page with a figure for each key.
    Report(SweepShowArgs),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct SweepRunArgs {
    /// Directory of the sweep.
    #[arg(value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// The sweep's file, such as configs/sweep.toml. It is needed only once.
    #[arg(long, value_name = "FILE")]
    pub(crate) sweep: Option<PathBuf>,
    /// With --sweep: override any key of the configuration that the trials share; may be given several times.
    #[arg(long, value_name = "KEY=VALUE", requires = "sweep")]
    pub(crate) set: Vec<String>,
    /// Train, or go on with, the K-th trial alone, as a task of a job array.
    #[arg(long, value_name = "K")]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=1000))]
    pub(crate) only: Option<u64>,
    #[command(flatten)]
    pub(crate) backend: BackendArg,
    #[command(flatten)]
    pub(crate) data_dir: DataDirArg,
    #[command(flatten)]
    pub(crate) memory: MemoryArg,
    /// Print the result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct SweepShowArgs {
    /// Directory of the sweep.
    #[arg(value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// Print the result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

impl SweepRunArgs {
    /// How a trial is trained.
    pub(crate) fn of_trial(&self) -> RunOptions {
        RunOptions {
            accept_numerics: false,
            backend: BackendArg { backend: self.backend.backend },
            data_dir: DataDirArg { data_dir: self.data_dir.data_dir.clone() },
            tensorboard: false,
            keep_epochs: false,
            memory: MemoryArg { force: self.memory.force },
            json: self.json,
        }
    }
}
