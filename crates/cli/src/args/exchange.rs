//! The flags of `export` and `import`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};

use crate::args::options::{BackendArg, ConfigArgs, DataDirArg, LayoutChoice};

#[derive(Debug, ClapArgs)]
pub(crate) struct ExportArgs {
    /// Directory of the run [default: the latest below `runs`].
    #[arg(short = 'p', long, value_name = "DIR")]
    pub(crate) run_dir: Option<PathBuf>,
    /// The format of the file [default: as its name ends, `.onnx` or `.safetensors`].
    #[arg(long, value_enum)]
    pub(crate) format: Option<FileFormat>,
    /// The file to write.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// ONNX: take bytes from 0 to 255, and scale them inside, instead of numbers from 0 to 1.
    #[arg(long)]
    pub(crate) bytes: bool,
    /// Model: the weights after this epoch, which `train --keep-epochs` has kept, instead of the best ones; 0 is before
    /// the first step.
    #[arg(long, value_name = "N")]
    pub(crate) epoch: Option<usize>,
    /// Model: round the weights, so that the file compresses to less than half. Logits change by about 0.01.
    #[arg(long)]
    pub(crate) rounded: bool,
    /// Replace the file if it is there.
    #[arg(long)]
    pub(crate) force: bool,
    /// Print what was written as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// The formats in which a model leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FileFormat {
    /// For ONNX Runtime and other programs that read ONNX
    Onnx,
    /// The tensors, with PyTorch's names and layout
    Safetensors,
    /// All that `predict` needs in one file: network, weights, classes, preparation, thresholds
    Model,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ImportArgs {
    /// The safetensors file with the weights, in PyTorch's layout or a run's own.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// Directory of the new run [default: runs/NAME-N, NAME from the file].
    #[arg(short = 'p', long, value_name = "DIR")]
    pub(crate) run_dir: Option<PathBuf>,
    /// How the file has the weights of dense layers, if it does not tell: where all of them are square.
    #[arg(long, value_enum)]
    pub(crate) layout: Option<LayoutChoice>,
    #[command(flatten)]
    pub(crate) backend: BackendArg,
    #[command(flatten)]
    pub(crate) data_dir: DataDirArg,
    /// Print the result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}
