//! Processes that do not fit together are refused at once, by a name.

pub(super) mod version;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::command::say;
use crate::robustness::machines::lab::{By, Lab, SMALL, as_sets, finished, sha256};

const SOON: Duration = Duration::from_secs(5);

pub(super) fn run(lab: &Lab) -> Result<()> {
    let sets: Vec<&str> = as_sets(&SMALL).collect();
    let mut portable = lab.launcher();
    portable.args(["-np", "1"]).arg(lab.with_mpi()).args(["train", "-p", "level"]).args(&sets);
    portable.args([":", "-np", "1", "env", "MNIST_CNN_SIMD=portable"]).arg(lab.with_mpi());
    portable.args(["train", "-p", "level"]).args(&sets);
    refused("another vector level", portable, "process 1 has another arithmetic")?;

    let mut three = lab.command(By::Processes(3));
    three.args(["train", "-p", "three"]).args(&sets);
    refused("three processes", three, "3 processes train together")?;

    let mut many = lab.command(By::Processes(2));
    many.args(["train", "-p", "many", "--set", "data.dataset=sample"]);
    refused("more processes than shards", many, "at most train.shards = 1")?;

    let mut seeds = lab.command(By::Processes(2));
    seeds.args(["train", "-p", "seeds", "--seeds", "2"]).args(&sets);
    refused("several runs", seeds, "start the program by itself")?;

    refused("other data", other_data(lab)?, "process 1 has another data set")?;

    // A process that ends before it has joined the others.
    let mut missing = lab.launcher();
    missing.args(["-np", "1"]).arg(lab.with_mpi()).args(["train", "-p", "missing"]).args(&sets);
    missing.args([":", "-np", "1", "sh", "-c", "kill -KILL $$"]);
    refused("a process ends before it has joined", missing, "1 process returned")?;
    full_disk(lab)
}

/// Two processes of which each has images of its own under the same name.
fn other_data(lab: &Lab) -> Result<Command> {
    for (place, seed) in [("data-0", 0), ("data-1", 1)] {
        let mut rng = fastrand::Rng::with_seed(seed);
        let folder = lab.folder.join(place);
        fs::create_dir_all(&folder)?;
        let images: Vec<u8> = (0..100 * 28 * 28).map(|_| rng.u8(..)).collect();
        // IDX: kind of values, number of dimensions, the dimensions, the values.
        fs::write(
            folder.join("images"),
            [&[0, 0, 8, 3, 0, 0, 0, 100, 0, 0, 0, 28, 0, 0, 0, 28], &images[..]].concat(),
        )?;
        let labels: Vec<u8> = (0..100).map(|i| i % 10).collect();
        fs::write(folder.join("labels"), [&[0, 0, 8, 1, 0, 0, 0, 100], &labels[..]].concat())?;
        let mut import = lab.command(By::Itself);
        import.args(["data", "import", "--name", "lab", "--data-dir", place, "--from"]);
        let imported = import.args([folder.join("images"), folder.join("labels")]).output()?;
        ensure!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stderr));
    }
    let sets = ["--set", "data.dataset=lab", "--set", "train.shards=2", "--set", "train.batch_size=16"];
    let mut command = lab.launcher();
    for (place, between) in [("data-0", None), ("data-1", Some(":"))] {
        command.args(between).args(["-np", "1"]).arg(lab.with_mpi());
        command.args(["train", "-p", "other-data", "--data-dir", place]).args(sets);
    }
    Ok(command)
}

/// The disk of process 0 is full: all end with an error, and what was kept goes on to the same bits.
fn full_disk(lab: &Lab) -> Result<()> {
    let disk = lab.folder.join("disk");
    fs::create_dir_all(&disk)?;
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=8m", "tmpfs"]).arg(&disk).output();
    if !mounted.is_ok_and(|output| output.status.success()) {
        say("a full disk: not tried, because mounting a tmpfs needs root on Linux");
        return Ok(());
    }
    let tried = on_small_disk(lab, &disk);
    Command::new("umount").arg(&disk).status()?;
    tried
}

fn on_small_disk(lab: &Lab, disk: &Path) -> Result<()> {
    let expected = sha256(&lab.train(By::Itself, "disk-whole", 2, &SMALL)?)?;
    let filler = disk.join("filler");
    // There is room for the first checkpoints and not for all.
    fs::write(&filler, vec![1; (8 << 20) - (300 << 10)])?;
    let run = disk.join("run").display().to_string();
    let mut command = lab.command(By::Processes(2));
    command.args(["train", "-p", &run]).args(as_sets(&SMALL));
    refused("a full disk of process 0", command, "No space left on device")?;
    fs::remove_file(filler)?;
    let mut resumed = lab.command(By::Processes(2));
    let found = sha256(&finished(resumed.args(["train", "--resume", "--json", "-p", &run]))?)?;
    ensure!(found == expected, "after the full disk: found {found}, expected {expected}");
    Ok(())
}

fn refused(what: &str, mut command: Command, reason: &str) -> Result<()> {
    let began = Instant::now();
    let output = command.output()?;
    let (took, said) = (began.elapsed(), String::from_utf8_lossy(&output.stderr).into_owned());
    ensure!(!output.status.success() && said.contains(reason), "{what}: {} {said}", output.status);
    ensure!(took < SOON, "{what}: refused after {took:?}");
    say(&format!("{what}: refused after {:.1} s", took.as_secs_f64()));
    Ok(())
}
