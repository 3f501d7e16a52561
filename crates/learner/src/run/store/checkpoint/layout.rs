//! The names of checkpoints and of their files, and the list of the checkpoints in a folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The name of the weights' file in a checkpoint's folder.
pub const WEIGHTS: &str = "weights.safetensors";
pub(super) const OPTIMIZER: &str = "optimizer.safetensors";
pub(super) const STATE: &str = "state.toml";
pub(super) const MANIFEST: &str = "MANIFEST";
/// The files that a manifest lists, in its order.
pub(super) const FILES: [&str; 3] = [WEIGHTS, OPTIMIZER, STATE];

/// Prefix of the name of a checkpoint.
const STEP: &str = "step-";

/// The name of the checkpoint of a step.
pub(super) fn name(step: usize) -> String {
    format!("{STEP}{step:08}")
}

/// The step of the checkpoint with this name; `None` if the name is not that of a checkpoint.
fn step_of(folder: &str) -> Option<usize> {
    let step = folder.strip_prefix(STEP)?.parse().ok()?;
    (name(step) == folder).then_some(step)
}

/// The path of a checkpoint with this prefix before its name.
pub(super) fn beside(checkpoint: &Path, prefix: &str) -> PathBuf {
    let name = checkpoint.file_name().unwrap_or_default().to_string_lossy();
    checkpoint.with_file_name(format!("{prefix}{name}"))
}

/// The checkpoints below `dir`, oldest first.
///
/// # Errors
/// If the folder cannot be read.
pub fn list(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = entries(dir)?;
    // The steps are sorted as numbers. As text, a step of nine digits could come before a step of eight.
    let mut steps: Vec<(usize, PathBuf)> =
        entries.into_iter().filter_map(|(name, path)| Some((step_of(&name)?, path))).collect();
    steps.sort();
    Ok(steps.into_iter().map(|(_, path)| path).collect())
}

/// The name and the path of each entry of a folder.
pub(super) fn entries(dir: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let named = |entry: fs::DirEntry| (entry.file_name().to_string_lossy().into_owned(), entry.path());
    fs::read_dir(dir)?.map(|entry| entry.map(named)).collect()
}
