//! The programs, with and without MPI, and the folder in which they train.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::command::build_program;

/// A run that takes a second, with all that makes a step depend on its batch.
pub(super) const SMALL: [&str; 8] = [
    "data.dataset=sample",
    "model.units=[{filters=8, kernel_size=3, normalization=\"batch\", dropout=0.1}, {filters=16, kernel_size=3}]",
    "model.dropout=0.2",
    "train.epochs=6",
    "train.batch_size=32",
    "train.shards=4",
    "train.checkpoint_every_steps=3",
    "augment.rotation=10",
];

/// How a run is trained.
#[derive(Clone, Copy)]
pub(super) enum By {
    /// The program without MPI.
    Itself,
    /// So many processes.
    Processes(usize),
}

pub(super) struct Lab {
    pub(super) folder: PathBuf,
    /// Without and with MPI.
    programs: [PathBuf; 2],
}

impl Lab {
    pub(super) fn new(root: &Path) -> Result<Self> {
        let folder = root.join("target/machines");
        if folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| folder.display().to_string())?;
        }
        fs::create_dir_all(&folder)?;
        let programs = [("", "alone"), ("--features mpi", "with-mpi")].map(|(flags, name)| {
            let program = folder.join(name);
            let built = build_program(root, flags)
                .context("MPI needs Debian's packages openmpi-bin, libopenmpi-dev, clang and libclang-dev")?;
            fs::copy(built, &program)?;
            Ok::<_, anyhow::Error>(program)
        });
        let [alone, with_mpi] = programs;
        Ok(Self { folder, programs: [alone?, with_mpi?] })
    }

    /// The program without MPI.
    pub(super) fn alone(&self) -> &Path {
        &self.programs[0]
    }

    /// The program with MPI.
    pub(super) fn with_mpi(&self) -> &Path {
        &self.programs[1]
    }

    /// A command that calls the program in the lab's folder, to which its arguments are added.
    pub(super) fn command(&self, by: By) -> Command {
        let mut command = match by {
            By::Itself => Command::new(&self.programs[0]),
            By::Processes(count) => {
                let mut command = self.launcher();
                command.args(["-np", &count.to_string()]).arg(self.with_mpi());
                command
            }
        };
        command.current_dir(&self.folder);
        command
    }

    /// `mpirun` without its fear of root and of more processes than processors.
    pub(super) fn launcher(&self) -> Command {
        let mut command = Command::new("mpirun");
        command.args(["--allow-run-as-root", "--oversubscribe"]).current_dir(&self.folder);
        command
    }

    /// Trains a new run to its end, and gives what `train --json` says.
    pub(super) fn train(
        &self,
        by: By,
        run: &str,
        threads: usize,
        sets: &[&str],
    ) -> Result<serde_json::Value> {
        let mut command = self.command(by);
        command.args(["train", "--json", "-p", run]).args(as_sets(sets));
        finished(command.env("RAYON_NUM_THREADS", threads.to_string()))
    }
}

/// Assignments as arguments.
pub(super) fn as_sets<'a>(sets: &'a [&'a str]) -> impl Iterator<Item = &'a str> {
    sets.iter().flat_map(|set| ["--set", set])
}

/// What a program that trains with `--json` says at its end.
pub(super) fn finished(command: &mut Command) -> Result<serde_json::Value> {
    let output = command.output().with_context(|| format!("{command:?} could not be started"))?;
    if !output.status.success() {
        bail!("{command:?} failed ({}): {}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// The SHA-256 of the weights that a run has reached.
pub(super) fn sha256(trained: &serde_json::Value) -> Result<String> {
    Ok(trained["weights_sha256"].as_str().context("no weights_sha256")?.to_owned())
}
