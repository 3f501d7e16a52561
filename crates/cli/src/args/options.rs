//! Flags that several commands share.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};
use model::device::Backend;
use network::import::Layout;

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

/// How a file has the weights of dense layers.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LayoutChoice {
    /// [outputs, inputs]
    Pytorch,
    /// [inputs, outputs], as in a run's own files
    Own,
}

impl From<LayoutChoice> for Layout {
    fn from(choice: LayoutChoice) -> Self {
        match choice {
            LayoutChoice::Pytorch => Self::Pytorch,
            LayoutChoice::Own => Self::Own,
        }
    }
}

#[derive(Debug, ClapArgs)]
pub(crate) struct MemoryArg {
    /// Go on even if a training step seems to need more memory than there is.
    #[arg(long)]
    pub(crate) force: bool,
}
