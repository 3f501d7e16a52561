//! Processes that do not fit together are refused at once, by a name.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::command::say;
use crate::robustness::machines::lab::{By, Lab, SMALL, as_sets};

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
    refused("several runs", seeds, "start the program by itself")
}

fn refused(what: &str, mut command: std::process::Command, reason: &str) -> Result<()> {
    let began = Instant::now();
    let output = command.output()?;
    let (took, said) = (began.elapsed(), String::from_utf8_lossy(&output.stderr).into_owned());
    ensure!(!output.status.success() && said.contains(reason), "{what}: {} {said}", output.status);
    ensure!(took < SOON, "{what}: refused after {took:?}");
    say(&format!("{what}: refused after {:.1} s", took.as_secs_f64()));
    Ok(())
}
