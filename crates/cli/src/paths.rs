//! Where things are kept, and how to write a path or a command for people.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use learner::Config;
use learner::config::{self, ConfigError};

use crate::args::{ConfigArgs, DataDirArg};

/// The workspace that the current directory is in, or else the current directory.
///
/// So `data` and `runs` are the same ones from anywhere in the workspace.
fn home() -> PathBuf {
    let here = env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
    let workspace =
        here.ancestors().find(|dir| dir.join("configs").is_dir() && dir.join("Cargo.lock").is_file());
    workspace.map(Path::to_owned).unwrap_or(here)
}

/// `--data-dir`, else `MNIST_CNN_DATA` (both read by the arguments), else `data` in the workspace.
pub(crate) fn data_dir(arg: &DataDirArg) -> PathBuf {
    arg.data_dir.clone().unwrap_or_else(|| home().join("data"))
}

/// Where runs without a directory of their own go.
pub(crate) fn runs_dir() -> PathBuf {
    home().join("runs")
}

/// A path as people write it: from the current directory where it lies below.
pub(crate) fn short(path: &Path) -> String {
    let here = env::current_dir().unwrap_or_default();
    let below = path.strip_prefix(here).unwrap_or(path);
    // The current directory itself has no name below itself.
    if below.as_os_str().is_empty() { ".".to_owned() } else { below.display().to_string() }
}

/// The same, as a shell takes it for one word.
pub(crate) fn quoted(path: &Path) -> String {
    let text = short(path);
    let is_plain = |c: char| c.is_alphanumeric() || "/._-".contains(c);
    if text.chars().all(is_plain) { text } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

/// How to call this program, as it was called itself: through Cargo or by its name.
pub(crate) fn command(arguments: &str) -> String {
    if env::var_os("CARGO").is_some() {
        format!("cargo run -p cli -- {arguments}")
    } else {
        format!("mnist-cnn {arguments}")
    }
}

/// Reads the configuration that the arguments name.
pub(crate) fn read_config(args: &ConfigArgs) -> anyhow::Result<Config> {
    read_config_from(args, None)
}

/// The same, where without a file of its own `otherwise` is read.
pub(crate) fn read_config_from(args: &ConfigArgs, otherwise: Option<&Path>) -> anyhow::Result<Config> {
    let (name, text) = match args.config.as_deref().or(otherwise) {
        None => ("the default configuration".to_owned(), String::new()),
        Some(path) => {
            let name = path.display().to_string();
            match fs::read_to_string(path) {
                Ok(text) => (name, text),
                Err(error) => {
                    return Err(ConfigError::Unreadable { path: name, reason: error.to_string() }.into());
                }
            }
        }
    };
    Ok(config::parse(&name, &text, &args.set)?)
}
