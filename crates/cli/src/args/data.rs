//! The commands below `data`, and their flags.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use dataset::catalog::Entry;
use dataset::{Name, Preparation};

use crate::args::options::DataDirArg;

#[derive(Debug, Subcommand)]
pub(crate) enum DataCommand {
    /// Download a data set, or copy it from a directory.
    Download {
        #[arg(long, value_name = "NAME", default_value_t = Entry::Mnist)]
        dataset: Entry,
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
    /// Make a data set of your own images: class folders, IDX files, CSV, or NumPy's npz.
    Import(DataImportArgs),
    /// List the data sets that there are: the catalog's and your own.
    List {
        /// Print the list as JSON.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        data_dir: DataDirArg,
    },
    /// Remove a data set of your own: the files that its dataset.toml lists, and nothing else.
    Remove {
        #[arg(value_name = "NAME")]
        name: Name,
        #[command(flatten)]
        data_dir: DataDirArg,
    },
    /// Check the size and SHA-256 of each file.
    Verify {
        #[arg(long, value_name = "NAME", default_value_t = Name::MNIST)]
        dataset: Name,
        #[command(flatten)]
        data_dir: DataDirArg,
    },
}

#[derive(Debug, Args)]
pub(crate) struct DataImportArgs {
    /// The new data set's name: lower-case letters, digits, `-` and `_`.
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Name,
    /// A folder with one folder for each class, or with train/ and test/ of such folders; or tables: IDX files of
    /// images and labels, CSV, npz. Their content decides what they are.
    #[arg(long, value_name = "PATH", num_args = 1.., required = true)]
    pub(crate) from: Vec<PathBuf>,
    /// The test images, in the same form. Without any, a share of each class is split off.
    #[arg(long, value_name = "PATH", num_args = 1..)]
    pub(crate) test: Vec<PathBuf>,
    /// Height and width of the images, as 28 or 28x20 [default: 28 for folders, the tables' own size]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) size: Option<[usize; 2]>,
    /// How images are prepared: ink, as MNIST's handwriting was, or resize [default: ink if each class is named by one
    /// letter or digit]
    #[arg(long, value_name = "WAY")]
    pub(crate) prepare: Option<Preparation>,
    /// Swap rows and columns, which EMNIST's files need.
    #[arg(long)]
    pub(crate) transpose: bool,
    /// The label of the first class in tables [default: 0]
    #[arg(long, value_name = "N")]
    pub(crate) first_label: Option<u32>,
    /// The share of each class that is split off for testing, where there are no test images.
    #[arg(long, value_name = "SHARE", default_value_t = 0.2)]
    pub(crate) test_fraction: f64,
    /// Decides which images are split off.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// The data set's name for people [default: its name]
    #[arg(long, value_name = "TEXT")]
    pub(crate) title: Option<String>,
    /// The licence of the images.
    #[arg(long, value_name = "TEXT")]
    pub(crate) licence: Option<String>,
    /// Replace a data set of this name.
    #[arg(long)]
    pub(crate) replace: bool,
    /// Print what became of the images as JSON.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) data_dir: DataDirArg,
}

/// Height and width from `28` or `28x20`.
fn size(text: &str) -> Result<[usize; 2], String> {
    let (height, width) = text.split_once('x').unwrap_or((text, text));
    match [height, width].map(str::parse) {
        [Ok(height), Ok(width)] => Ok([height, width]),
        _ => Err("expected a height, or height and width as 28x20".to_owned()),
    }
}
