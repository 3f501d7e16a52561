//! The commands below `data`, and their flags.

use std::path::PathBuf;

use clap::Subcommand;
use dataset::Name;
use dataset::catalog::Entry;

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
