//! Python environments below `target`, which hold the libraries that this project is compared with.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::command::say;

/// What is in the environment with PyTorch, which takes gigabytes and is shared by `bench` and `reference`.
pub(crate) const PYTORCH: [&str; 6] = ["torch", "numpy", "onnx", "onnxruntime", "safetensors", "keras"];

/// A folder with a Python that has certain packages.
pub(crate) struct Environment {
    folder: PathBuf,
    packages: Vec<String>,
}

impl Environment {
    /// `packages` are written as pip takes them.
    pub(crate) fn new(folder: PathBuf, packages: Vec<String>) -> Self {
        Self { folder, packages }
    }

    /// Whether it was made, with these packages.
    pub(crate) fn is_ready(&self) -> bool {
        fs::read_to_string(self.ready_file()).is_ok_and(|list| list == self.list())
    }

    /// The Python of an environment that is ready.
    pub(crate) fn python(&self) -> String {
        self.folder.join("bin/python").display().to_string()
    }

    /// Makes it, or brings its packages up to date.
    pub(crate) fn make(&self, root: &Path) -> Result<()> {
        let folder = self.folder.display().to_string();
        say(&format!("making a Python environment in {folder}"));
        run_visibly(root, "python3", &["-m", "venv", &folder])
            .context("python3 with its module venv is needed (on Debian, the package python3-venv)")?;
        let install = ["-m", "pip", "install"].into_iter().chain(self.packages.iter().map(String::as_str));
        run_visibly(root, &self.python(), &install.collect::<Vec<_>>())?;
        fs::write(self.ready_file(), self.list())?;
        Ok(())
    }

    /// This file is written last, so an environment without it is incomplete.
    fn ready_file(&self) -> PathBuf {
        self.folder.join("ready")
    }

    fn list(&self) -> String {
        self.packages.join("\n")
    }
}

/// The packages of a requirements file.
pub(crate) fn requirements(text: &str) -> Vec<String> {
    let packages = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    packages.filter(|package| !package.is_empty()).map(str::to_owned).collect()
}

/// Runs a program whose output goes to the terminal.
pub(crate) fn run_visibly(root: &Path, program: &str, arguments: &[&str]) -> Result<()> {
    let status = Command::new(program).args(arguments).current_dir(root).status();
    let status = status.with_context(|| format!("{program} could not be started"))?;
    if !status.success() {
        bail!("{program} {} failed ({status})", arguments.join(" "));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_what_is_not_a_comment() {
        let text = "# Compared with.\nnumpy==2.4.6\n\n  scipy==1.17.1  # exact tests\n";
        assert_eq!(requirements(text), ["numpy==2.4.6", "scipy==1.17.1"]);
        let ours = requirements(include_str!("../reference/requirements.txt"));
        assert!(!ours.is_empty() && ours.iter().all(|package| package.contains("==")), "{ours:?}");
    }
}
