//! The example with Optuna: two processes share a search by its journal.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::command::say;
use crate::python::Environment;
use crate::robustness::machines::lab::Lab;

const TRIALS: &str = "6";
const SETS: [&str; 3] = [
    "data.dataset=sample",
    "model.units=[{filters=8, kernel_size=3}, {filters=16, kernel_size=3}]",
    "train.epochs=3",
];

pub(super) fn run(lab: &Lab, root: &Path, setup: bool) -> Result<()> {
    let environment = Environment::new(root.join("target/machines-python"), vec!["optuna==4.6.0".to_owned()]);
    if setup && !environment.is_ready() {
        environment.make(root)?;
    }
    ensure!(environment.is_ready(), "--setup makes the Python environment with Optuna");
    let search = || {
        let mut command = Command::new(environment.python());
        command.arg("-B").arg(root.join("deploy/optuna_search.py")).args(["search", TRIALS]);
        command.args(SETS.iter().flat_map(|set| ["--set", set]));
        command.env("MNIST_CNN", lab.alone()).current_dir(&lab.folder);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().context("Python could not be started")
    };
    for process in [search()?, search()?] {
        let output = process.wait_with_output()?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let told = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success() && said.starts_with("Best: trial "), "{said}{told}");
        say(said.trim_end());
    }
    let runs = lab.folder.join("search").read_dir()?.flatten();
    let trials = runs.filter(|entry| entry.file_name().to_string_lossy().starts_with("trial-")).count();
    ensure!(trials == 12, "found {trials} trials, expected 12");
    Ok(())
}
