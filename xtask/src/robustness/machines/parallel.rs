//! The seeds of a configuration by GNU parallel over ssh, as `deploy/parallel.sh` does it, with a run that is killed.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::command::say;
use crate::robustness::machines::daemon::{kill, processes_with, until};
use crate::robustness::machines::lab::{Lab, as_sets};
use crate::robustness::machines::seeds::{ARRAY, seeds_sha256};
use crate::robustness::machines::sshd::{self, Sshd};

pub(super) fn run(lab: &Lab, root: &Path) -> Result<()> {
    sshd::check_root()?;
    let expected = seeds_sha256(lab, "parallel-whole")?;
    let server = Sshd::start(&lab.folder.join("ssh"), "127.0.0.1", &["env"], &["env"])?;
    fs::write(lab.folder.join("machines.txt"), format!("2/{} 127.0.0.1\n", server.client))?;
    let mut command = Command::new(root.join("deploy/parallel.sh"));
    command.args(["machines.txt", "5", "train", "--seeds", "5", "-p", "parallel"]).args(as_sets(&ARRAY));
    command.current_dir(&lab.folder).env("MNIST_CNN", lab.alone()).env("RAYON_NUM_THREADS", "1");
    let mut working = command
        .stdout(Stdio::null())
        .stderr(fs::File::create(lab.folder.join("parallel.log"))?)
        .spawn()
        .context("Debian's package parallel is needed")?;
    until("a checkpoint of seed 1", 60, || {
        Ok(lab.folder.join("parallel/seed-1/checkpoints").read_dir().is_ok_and(|mut it| it.next().is_some()))
    })?;
    let program = lab.alone().display().to_string();
    let victims = processes_with(&[&program, "--only", "1"])?;
    for victim in &victims {
        kill("-KILL", *victim)?;
    }
    ensure!(!victims.is_empty(), "seed 1 was through before it could be killed");
    let status = working.wait()?;
    let said = || fs::read_to_string(lab.folder.join("parallel.log")).unwrap_or_default();
    ensure!(status.success(), "parallel: {status} {}", said());
    let found = seeds_sha256(lab, "parallel")?;
    ensure!(found == expected, "found {found:?}, expected {expected:?}");
    say("five seeds by GNU parallel over ssh, one killed: the runs of train --seeds 5");
    Ok(())
}
