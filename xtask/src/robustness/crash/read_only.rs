//! Uses a run on a disk that is mounted read-only: what only reads works, and what has to write says why not.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};

use super::lab::{CrashLab, entries, remains, said, start};
use super::shims::FIGURES;

const EPOCHS: usize = 1;
/// What the system answers to a write.
const ANSWER: &str = "Read-only file system";

pub(super) fn run(lab: &CrashLab) -> Result<String> {
    let disk = lab.place("read-only")?;
    fs::create_dir(&disk)?;
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=16m", "tmpfs"]).arg(&disk).output();
    if !mounted.is_ok_and(|output| output.status.success()) {
        return Ok("not run: mounting a tmpfs needs root on Linux".to_owned());
    }
    let result = on_mounted(lab, &disk);
    Command::new("umount").arg(&disk).status().context("umount could not be started")?;
    result
}

fn on_mounted(lab: &CrashLab, disk: &Path) -> Result<String> {
    let run = disk.join("run");
    let expected = lab.whole("read-only/run", EPOCHS)?;
    remount(disk, "ro")?;
    let beside = lab.place("read-only-beside")?;
    let (path, beside_path) = (run.display().to_string(), beside.display().to_string());
    let page = lab.place("read-only.html")?.display().to_string();
    let ends = |words: &[&str], code: i32, answer: &str| -> Result<Output> {
        let output = start(&mut lab.call(words))?.wait_with_output()?;
        let text = said(&output);
        ensure!(!text.contains("a bug in this program"), "{words:?}: {text}");
        ensure!(output.status.code() == Some(code), "{words:?} ended with {}: {text}", output.status);
        ensure!(text.contains(answer), "{words:?}: expected «{answer}» in: {text}");
        Ok(output)
    };

    let tested = ends(&["test", "-p", &path], 0, ANSWER)?;
    let figures = String::from_utf8_lossy(&tested.stdout);
    ensure!(figures.contains(FIGURES), "test shows no figures: {}", said(&tested));
    ensure!(said(&tested).contains("warning: "), "test does not warn: {}", said(&tested));
    ends(&["test", "-p", &path, "--output", &beside_path], 0, "")?;
    ensure!(beside.join("test.json").is_file(), "test --output wrote no test.json");

    ends(&["show", "--dataset", "sample"], 0, "")?;
    ends(&["inspect", "-p", &path], 0, "")?;
    ends(&["report", "-p", &path], 1, ANSWER)?;
    ends(&["report", "-p", &path, "--output", &page], 0, "")?;
    ends(&["train", "--resume", "-p", &path], 1, ANSWER)?;
    let new = disk.join("new").display().to_string();
    ends(&["train", "-p", &new, "--set", "data.dataset=sample"], 1, ANSWER)?;
    ends(&["train", "-p", &path, "--set", "data.dataset=sample"], 1, ANSWER)?;

    remount(disk, "rw")?;
    ensure!(entries(disk)?.len() == 1, "something new is on the disk");
    remains(&run)?.check(&expected)?;
    lab.finish(&run, EPOCHS)?;
    remains(&run)?.check(&expected)?;
    let text = "9 calls of test, show, inspect, report and train on a tmpfs that is mounted read-only: \
                figures shown, exit codes as documented, nothing changed";
    Ok(text.to_owned())
}

fn remount(disk: &Path, mode: &str) -> Result<()> {
    let remounted = Command::new("mount").arg("-o").arg(format!("remount,{mode}")).arg(disk).output()?;
    ensure!(remounted.status.success(), "{}", said(&remounted));
    Ok(())
}
