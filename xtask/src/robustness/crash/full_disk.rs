//! Trains on a disk that is really full: a tmpfs of 8 MiB with a large file in it.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::lab::{CrashLab, remains, said, start};

const EPOCHS: usize = 3;
const SIZE: u64 = 8 << 20;
/// Enough room for a run with three checkpoints and a fourth one that is being written.
const MOST_FREE: u64 = 800_000;

pub(super) fn run(lab: &CrashLab, rounds: usize) -> Result<String> {
    let folder = lab.place("full-disk")?;
    fs::create_dir(&folder)?;
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=8m", "tmpfs"]).arg(&folder).output();
    if !mounted.is_ok_and(|output| output.status.success()) {
        return Ok("not run: mounting a tmpfs needs root on Linux".to_owned());
    }
    let result = on_mounted(lab, &folder, rounds);
    Command::new("umount").arg(&folder).status().context("umount could not be started")?;
    result
}

fn on_mounted(lab: &CrashLab, folder: &Path, rounds: usize) -> Result<String> {
    let expected = lab.whole("full-disk-whole", EPOCHS)?;
    let (run, filler) = (folder.join("run"), folder.join("filler"));
    let mut full = 0;
    for round in 0..rounds as u64 {
        if run.exists() {
            fs::remove_dir_all(&run)?;
        }
        // The free room grows evenly from round to round, plus a random part.
        let free = MOST_FREE * round / rounds as u64 + lab.random(0..MOST_FREE / rounds as u64);
        fs::write(&filler, vec![0; (SIZE - free) as usize])?;
        let output = start(&mut lab.train(&run, EPOCHS))?.wait_with_output()?;
        if !output.status.success() {
            full += 1;
            ensure!(output.status.code() == Some(1), "ended with {}: {}", output.status, said(&output));
            ensure!(said(&output).contains("No space left"), "{}", said(&output));
        }
        fs::remove_file(&filler)?;
        lab.finish(&run, EPOCHS)?;
        remains(&run)?.check(&expected)?;
    }
    ensure!(full > 0, "the disk was never full");
    Ok(format!(
        "{rounds} runs on a tmpfs of 8 MiB with little room, {full} of which filled it: exit code 1, 0 lost checkpoints, all ended in the same bits"
    ))
}
