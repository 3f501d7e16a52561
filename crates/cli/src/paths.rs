//! Finds data, runs and configuration files, and writes paths and commands for people.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use learner::Config;
use learner::config::{self, ConfigError};

use crate::args::{ConfigArgs, DataDirArg};

/// The workspace that the current directory is in, or else the current directory.
///
/// `data` and `runs` are thus the same folders from anywhere in the workspace.
fn home() -> PathBuf {
    let here = env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
    let workspace =
        here.ancestors().find(|dir| dir.join("configs").is_dir() && dir.join("Cargo.lock").is_file());
    workspace.map(Path::to_owned).unwrap_or(here)
}

/// The data directory: `--data-dir`, else `MNIST_CNN_DATA` (clap reads both), else `data` in the workspace.
pub(crate) fn data_dir(arg: &DataDirArg) -> PathBuf {
    arg.data_dir.clone().unwrap_or_else(|| home().join("data"))
}

/// The folder for runs that are not given a directory.
pub(crate) fn runs_dir() -> PathBuf {
    home().join("runs")
}

/// A path for people: relative to the current directory if it lies below it.
pub(crate) fn short(path: &Path) -> String {
    let here = env::current_dir().unwrap_or_default();
    let below = path.strip_prefix(here).unwrap_or(path);
    // The current directory relative to itself is an empty path.
    if below.as_os_str().is_empty() { ".".to_owned() } else { below.display().to_string() }
}

/// A path as [`short`] writes it, quoted so that a shell reads it as one word.
pub(crate) fn quoted(path: &Path) -> String {
    let text = short(path);
    let is_plain = |c: char| c.is_alphanumeric() || "/._-".contains(c);
    if text.chars().all(is_plain) { text } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

/// Whether Cargo started this program, as `cargo run` does.
fn is_run_by_cargo() -> bool {
    env::var_os("CARGO").is_some()
}

/// A command line that calls this program as it was called itself: through Cargo or by its name.
pub(crate) fn command(arguments: &str) -> String {
    if is_run_by_cargo() {
        format!("cargo run -p cli -- {arguments}")
    } else {
        format!("mnist-cnn {arguments}")
    }
}

/// A command line that builds this program with a feature: before it runs, or before it is installed again.
pub(crate) fn build_command(feature: &str) -> String {
    if is_run_by_cargo() {
        format!("cargo run -p cli --features {feature} -- COMMAND")
    } else {
        format!("cargo install --path crates/cli --features {feature}")
    }
}

/// Reads the configuration that the arguments name.
pub(crate) fn read_config(args: &ConfigArgs) -> anyhow::Result<Config> {
    read_config_from(args, None)
}

/// Reads the configuration file that the arguments name, or else `otherwise`, or else the default one.
pub(crate) fn read_config_from(args: &ConfigArgs, otherwise: Option<&Path>) -> anyhow::Result<Config> {
    let (name, bytes) = match args.config.as_deref().or(otherwise) {
        None => ("the default configuration".to_owned(), Vec::new()),
        Some(path) => {
            let name = path.display().to_string();
            match fs::read(path) {
                Ok(bytes) => (name, bytes),
                Err(error) => {
                    return Err(ConfigError::Unreadable { path: name, reason: error.to_string() }.into());
                }
            }
        }
    };
    Ok(config::parse_bytes(&name, &bytes, &args.set)?)
}
