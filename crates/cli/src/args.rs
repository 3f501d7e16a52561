//! Defines the command line: commands, flags and their help texts.

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args as ClapArgs, CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use dataset::{Corruption, Name, Split};
use model::device::Backend;

/// MNIST with CNN: look at handwritten digits, train the lecture's network, test it.
#[derive(Debug, Parser)]
#[command(name = "mnist-cnn", version, propagate_version = true)]
#[command(
    after_help = "Exit codes: 0 done, 1 failure, 2 usage or configuration, 3 data or weights, 128 and the signal's number where a signal ended it: 130 INT, 143 TERM, 129 HUP, 152 XCPU."
)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Train a network; fetches the data set if it is missing.
    Train(TrainArgs),
    /// Test a trained network on the test set.
    Test(TestArgs),
    /// Show images with their labels, in the terminal or as a PNG file.
    Show(ShowArgs),
    /// Write a page that shows a run, or several side by side.
    Report(ReportArgs),
    /// Look inside a network at one image: feature maps, evidence, and what convolution saves.
    Inspect(InspectArgs),
    /// Print the layer table of a network: output shapes, parameters, multiply-adds.
    Summary(SummaryArgs),
    /// Time training steps and inference on this machine.
    Bench(BenchArgs),
    /// Download or verify data sets.
    #[command(subcommand)]
    Data(DataCommand),
    /// Print a completion script for a shell.
    Completions { shell: Shell },
}

/// The configuration: a file, and assignments over it.
#[derive(Debug, ClapArgs)]
pub(crate) struct ConfigArgs {
    /// Configuration file; without one, the lecture's network as in configs/default.toml.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Override any key of the configuration; may be given several times.
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct DataDirArg {
    /// Where data sets are kept [default: where the run had them, else `data` in the workspace, elsewhere the
    /// user's data directory].
    #[arg(long, value_name = "DIR", env = "MNIST_CNN_DATA")]
    pub(crate) data_dir: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct BackendArg {
    /// Where the network runs. auto: a GPU if there is one, else the fastest CPU backend.
    #[arg(long, value_enum, default_value_t = BackendChoice::Auto)]
    pub(crate) backend: BackendChoice,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum BackendChoice {
    Auto,
    Ndarray,
    Flex,
    Wgpu,
}

impl BackendArg {
    /// The backend that was named; `None` for `auto`.
    pub(crate) fn requested(&self) -> Option<Backend> {
        match self.backend {
            BackendChoice::Auto => None,
            BackendChoice::Ndarray => Some(Backend::Ndarray),
            BackendChoice::Flex => Some(Backend::Flex),
            BackendChoice::Wgpu => Some(Backend::Wgpu),
        }
    }
}

#[derive(Debug, ClapArgs)]
pub(crate) struct MemoryArg {
    /// Go on even if a training step seems to need more memory than there is.
    #[arg(long)]
    pub(crate) force: bool,
}

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
    /// Resume the run or the seeds in DIR (default: the latest below `runs`), each run from its
    /// newest checkpoint.
    #[arg(long)]
    pub(crate) resume: bool,
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
    /// Print the configuration that would run, and stop.
    #[arg(long)]
    pub(crate) print_config: bool,
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
    /// Test on another data set than the run's own, if it has the same classes: mnist, fashion-mnist or sample.
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
pub(crate) struct ReportArgs {
    /// Directory of a run, or of several from `train --seeds`; several stand side by side
    /// [default: the latest below `runs`].
    #[arg(short = 'p', long, value_name = "DIR", num_args = 1..)]
    pub(crate) run_dir: Vec<PathBuf>,
    /// Where the page goes [default: report.html in the run's directory, or in the current one for several].
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Write each figure of each run as SVG and PNG into this directory as well.
    #[arg(long, value_name = "DIR")]
    pub(crate) figures: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) data_dir: DataDirArg,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ShowArgs {
    /// mnist, fashion-mnist or sample (part of the program, needs no download).
    #[arg(long, value_name = "NAME", default_value_t = Name::Mnist, conflicts_with = "wrong")]
    pub(crate) dataset: Name,
    /// Which split of the data set.
    #[arg(long, value_name = "SPLIT", value_parser = split(), default_value_t = Split::Train)]
    #[arg(conflicts_with = "wrong")]
    pub(crate) split: Split,
    /// Only images of this class, by its name or number.
    #[arg(long, value_name = "CLASS")]
    pub(crate) label: Option<String>,
    /// Only the images at these positions, as in 7,12.
    #[arg(long, value_name = "I", value_delimiter = ',', conflicts_with_all = ["label", "count", "start", "wrong", "mean"])]
    pub(crate) index: Vec<usize>,
    /// Corrupt the images in one of MNIST-C's fifteen ways.
    #[arg(long, value_name = "NAME", value_parser = corruption(), conflicts_with = "mean")]
    pub(crate) corruption: Option<Corruption>,
    /// Show the test images that a tested run classified wrongly, the worst first.
    #[arg(long, conflicts_with = "mean")]
    pub(crate) wrong: bool,
    /// Directory of the run for --wrong [default: the latest below `runs`].
    #[arg(short = 'p', long, value_name = "DIR", requires = "wrong")]
    pub(crate) run_dir: Option<PathBuf>,
    /// Show the mean image of each class, and the spread around it.
    #[arg(long, conflicts_with_all = ["count", "start"])]
    pub(crate) mean: bool,
    /// How many images [default: two rows of the terminal, or 100 in a file].
    #[arg(short = 'n', long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) count: Option<u32>,
    /// Position of the first image; with --wrong, how many images to skip.
    #[arg(long, value_name = "I", default_value_t = 0)]
    pub(crate) start: usize,
    /// Write a PNG file instead of drawing in the terminal.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) data_dir: DataDirArg,
}

/// Parses the name of a corruption. The help text and errors list all names.
fn corruption() -> impl TypedValueParser<Value = Corruption> {
    let names = Corruption::ALL
        .map(|corruption| PossibleValue::new(corruption.name()).help(corruption.description()));
    PossibleValuesParser::new(names).try_map(|name| name.parse())
}

/// Parses the name of a split that has files of its own. Validation has none: only a run's configuration says
/// which of the training images are held out.
fn split() -> impl TypedValueParser<Value = Split> {
    let splits = [Split::Train, Split::Test];
    PossibleValuesParser::new(splits.map(Split::name))
        .map(move |name| if name == Split::Test.name() { Split::Test } else { Split::Train })
}

#[derive(Debug, ClapArgs)]
pub(crate) struct InspectArgs {
    /// Directory of the run [default: the latest below `runs`].
    #[arg(short = 'p', long, value_name = "DIR")]
    pub(crate) run_dir: Option<PathBuf>,
    /// Which split of the run's data set.
    #[arg(long, value_name = "SPLIT", value_parser = split(), default_value_t = Split::Train)]
    pub(crate) split: Split,
    /// Position of the image, as `show` counts them.
    #[arg(short, long, value_name = "I", default_value_t = 0)]
    pub(crate) index: usize,
    /// Write a PNG file with all feature maps and all classes instead of drawing in the terminal.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) backend: BackendArg,
    #[command(flatten)]
    pub(crate) data_dir: DataDirArg,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct SummaryArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
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

#[derive(Debug, Subcommand)]
pub(crate) enum DataCommand {
    /// Download a data set, or copy it from a directory.
    Download {
        #[arg(long, value_name = "NAME", default_value_t = Name::Mnist)]
        dataset: Name,
        /// Take the files from this directory, or up to two levels below it, instead of the network. They
        /// may be packed with gzip or not and have any names: their content decides.
        #[arg(long, value_name = "DIR")]
        from: Option<PathBuf>,
        /// Replace files that are there already.
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        data_dir: DataDirArg,
    },
    /// Check the size and SHA-256 of each file.
    Verify {
        #[arg(long, value_name = "NAME", default_value_t = Name::Mnist)]
        dataset: Name,
        #[command(flatten)]
        data_dir: DataDirArg,
    },
}

/// A completion script for this shell.
pub(crate) fn completions(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "mnist-cnn", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn the_named_command_lines_parse() {
        for line in ["train --config configs/default.toml", "test", "train -p tmp", "test -p tmp", "show"] {
            let words = ["mnist-cnn"].into_iter().chain(line.split(' '));
            Args::try_parse_from(words).unwrap();
        }
    }
}
