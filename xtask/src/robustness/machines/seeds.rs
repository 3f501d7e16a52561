//! Five seeds by one process, with which those by other engines are compared.

use anyhow::{Context, Result, ensure};

use crate::robustness::machines::lab::{By, Lab, as_sets, finished};

/// Runs of a few seconds, so that there is time to kill them.
pub(super) const ARRAY: [&str; 6] = [
    "data.dataset=sample",
    "model.units=[{filters=8, kernel_size=3, normalization=\"batch\", dropout=0.1}, {filters=16, kernel_size=3}]",
    "train.epochs=40",
    "train.batch_size=32",
    "train.checkpoint_every_steps=3",
    "augment.rotation=10",
];

/// Trains what is missing of five seeds, and gives the SHA-256s of their weights.
pub(super) fn seeds_sha256(lab: &Lab, folder: &str) -> Result<Vec<String>> {
    let mut command = lab.command(By::Itself);
    if lab.folder.join(folder).is_dir() {
        command.args(["train", "--resume", "--json", "-p", folder]);
    } else {
        command.args(["train", "--seeds", "5", "--json", "-p", folder]).args(as_sets(&ARRAY));
    }
    let trained = finished(&mut command)?;
    let runs = trained["runs"].as_array().context("no runs")?;
    let sha256 = |run: &serde_json::Value| Some(run["weights_sha256"].as_str()?.to_owned());
    let all: Vec<String> = runs.iter().filter_map(sha256).collect();
    ensure!(all.len() == 5, "{folder}: {} runs", all.len());
    Ok(all)
}
