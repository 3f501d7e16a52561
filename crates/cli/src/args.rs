//! Defines the command line: commands, flags and their help texts.

use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;

pub(crate) use data::{DataCommand, DataImportArgs};
pub(crate) use exchange::{ExportArgs, FileFormat, ImportArgs};
pub(crate) use looking::{InspectArgs, ReportArgs, ShowArgs, SummaryArgs};
pub(crate) use options::{ConfigArgs, DataDirArg};
pub(crate) use predicting::PredictArgs;
#[cfg(feature = "serve")]
pub(crate) use serving::LogFormat;
pub(crate) use serving::ServeArgs;
pub(crate) use sweeping::{SweepCommand, SweepRunArgs, SweepShowArgs};
pub(crate) use training::{BenchArgs, RunOptions, TestArgs, TrainArgs};

mod data;
mod exchange;
mod looking;
mod options;
mod predicting;
mod serving;
mod sweeping;
mod training;

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
    /// Read images of your own: digits in files, folders, or standard input.
    Predict(PredictArgs),
    /// Read images over HTTP: a page that asks, and an API. Needs a build with `--features serve`.
    Serve(ServeArgs),
    /// Write a page that shows a run, or several side by side.
    Report(ReportArgs),
    /// Look inside a network at one image: feature maps, evidence, and what convolution saves.
    Inspect(InspectArgs),
    /// Print the layer table of a network: output shapes, parameters, multiply-adds.
    Summary(SummaryArgs),
    /// Train many configurations that differ in a few keys, and compare them on the validation images.
    #[command(subcommand)]
    Sweep(SweepCommand),
    /// Write a trained model as a file for other programs: ONNX, or safetensors for PyTorch.
    Export(ExportArgs),
    /// Make a run of weights that were trained elsewhere, such as in PyTorch.
    Import(ImportArgs),
    /// Time training steps and inference on this machine.
    Bench(BenchArgs),
    /// Download, verify, list or remove data sets.
    #[command(subcommand)]
    Data(DataCommand),
    /// Print a completion script for a shell.
    Completions { shell: Shell },
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
