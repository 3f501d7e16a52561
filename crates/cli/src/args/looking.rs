//! The flags of the commands that show images, runs and networks.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use dataset::{Corruption, Name, Split};

use crate::args::options::{BackendArg, ConfigArgs, DataDirArg};

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
    /// mnist, fashion-mnist, sample (part of the program, needs no download), or a data set of one's own.
    #[arg(long, value_name = "NAME", default_value_t = Name::MNIST, conflicts_with = "wrong")]
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
    /// Show each image beside what training makes of it in the first epochs, as the configuration's table `augment` says. The
    /// images are those of the configuration's data set.
    #[arg(long, conflicts_with_all = ["mean", "wrong", "corruption", "dataset", "split"])]
    pub(crate) augmented: bool,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
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
    #[command(flatten)]
    pub(crate) data_dir: DataDirArg,
}
