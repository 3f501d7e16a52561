//! The flags of `train`, `test` and `bench`.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use dataset::Name;

use crate::args::options::{BackendArg, ConfigArgs, DataDirArg, LayoutChoice, MemoryArg};

#[derive(Debug, ClapArgs)]
pub(crate) struct TrainArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// Directory of the run, or of several with --seeds [default: runs/NAME-N, NAME from the
    /// configuration file].
    #[arg(short = 'p', long, value_name = "DIR")]
    pub(crate) run_dir: Option<PathBuf>,
    /// Train one run for each of N seeds (train.seed and the ones after it) below DIR, and print their
    /// mean and spread.
    #[arg(long, value_name = "N", conflicts_with = "resume")]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=1000))]
    pub(crate) seeds: Option<u64>,
    /// With --seeds: train, or go on with, the K-th of the runs alone. Processes on any number of machines may do so at
    /// once, each with a K of its own.
    #[arg(long, value_name = "K", requires_all = ["seeds", "run_dir"])]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=1000))]
    pub(crate) only: Option<u64>,
    /// Resume the run or the seeds in DIR (default: the latest below `runs`), each run from its
    /// newest checkpoint.
    #[arg(long)]
    pub(crate) resume: bool,
    /// Begin with the weights of another run, or of a safetensors file, instead of random ones. An output layer of
    /// another number of classes begins anew.
    #[arg(long, value_name = "RUN_OR_FILE", conflicts_with = "resume")]
    pub(crate) init: Option<PathBuf>,
    /// With --init: how the file has the weights of dense layers, if it does not tell.
    #[arg(long, value_enum, requires = "init")]
    pub(crate) layout: Option<LayoutChoice>,
    /// Print the configuration that would run, and stop.
    #[arg(long)]
    pub(crate) print_config: bool,
    #[command(flatten)]
    pub(crate) options: RunOptions,
}

/// How a run is trained, whoever chose its configuration and its folder.
#[derive(Debug, ClapArgs)]
pub(crate) struct RunOptions {
    /// With --resume: go on even if another version of the program, or other vector instructions, computed the
    /// run's steps in another way. Its weights are then the ones of neither.
    #[arg(long, requires = "resume")]
    pub(crate) accept_numerics: bool,
    #[command(flatten)]
    pub(crate) backend: BackendArg,
    #[command(flatten)]
    pub(crate) data_dir: DataDirArg,
    /// Write event files for TensorBoard, into `tensorboard` in the run's directory.
    #[arg(long)]
    pub(crate) tensorboard: bool,
    /// Keep the weights of each epoch, in `epochs` in the run's directory, to show how the network learned.
    #[arg(long)]
    pub(crate) keep_epochs: bool,
    #[command(flatten)]
    pub(crate) memory: MemoryArg,
    /// Print the result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct TestArgs {
    /// Directory of a run, or of several from `train --seeds` [default: the latest below `runs`].
    #[arg(short = 'p', long, value_name = "DIR")]
    pub(crate) run_dir: Option<PathBuf>,
    /// Compare two runs on the same images: do they differ beyond chance, and where?
    #[arg(long, num_args = 2, value_names = ["A", "B"], conflicts_with_all = ["run_dir", "corruptions", "worst", "output"])]
    pub(crate) compare: Option<Vec<PathBuf>>,
    /// Test on another data set than the run's own, with classes that the run knows and images of the same size.
    #[arg(long, value_name = "NAME")]
    pub(crate) data: Option<Name>,
    /// Test on MNIST-C's fifteen corruptions as well.
    #[arg(long)]
    pub(crate) corruptions: bool,
    /// List this many wrong images, the highest loss first [default: 5, and 50 in test.json and the report].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=1000))]
    pub(crate) worst: Option<u32>,
    #[command(flatten)]
    pub(crate) backend: BackendArg,
    #[command(flatten)]
    pub(crate) data_dir: DataDirArg,
    /// Where test.json, predictions.csv and report.html go [default: the run's directory]. The run then only
    /// counts the test, in tests.jsonl.
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
    /// Write label, prediction and logits of each image as CSV, for comparing backends.
    #[arg(long, value_name = "FILE", conflicts_with = "compare")]
    pub(crate) logits: Option<PathBuf>,
    /// Print the result as JSON, as in test.json.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct BenchArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    #[command(flatten)]
    pub(crate) backend: BackendArg,
    #[command(flatten)]
    pub(crate) data_dir: DataDirArg,
    #[command(flatten)]
    pub(crate) memory: MemoryArg,
    /// Scale the images to this height and width, as if the data set had them.
    #[arg(long, value_name = "PIXELS", value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(4..=512))]
    pub(crate) image_size: Option<usize>,
    /// Read what to time from standard input, one question per line (`step TIMES`, `infer BATCH TIMES`,
    /// `network` or `parameters`), and print one line of JSON for each.
    #[arg(long)]
    pub(crate) questions: bool,
}
