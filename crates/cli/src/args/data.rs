//! The commands below `data`, and their flags.

use std::path::PathBuf;

use clap::Subcommand;
use dataset::Name;

use crate::args::options::DataDirArg;

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
