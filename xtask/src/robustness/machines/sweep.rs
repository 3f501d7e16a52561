//! A sweep by several processes at once, each of which is killed: every trial once and whole.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use fastrand::Rng;

use crate::command::say;
use crate::robustness::machines::lab::{By, Lab, as_sets};

const PROCESSES: usize = 4;
const SETS: [&str; 4] = [
    "data.dataset=sample",
    "model.units=[{filters=8, kernel_size=3}, {filters=16, kernel_size=3}]",
    "train.epochs=3",
    "train.checkpoint_every_steps=3",
];

pub(super) fn run(lab: &Lab, trials: u32, seed: u64) -> Result<()> {
    let file = lab.folder.join("sweep.toml");
    let keys = "\"train.learning_rate\" = { log_uniform = [0.0003, 0.03] }\n\
                \"train.batch_size\" = { choices = [32, 64] }\n\"model.dropout\" = { uniform = [0.0, 0.5] }\n";
    fs::write(&file, format!("trials = {trials}\n[keys]\n{keys}"))?;
    let begin = |folder: &str| {
        let mut command = lab.command(By::Itself);
        command.args(["sweep", "run", folder, "--sweep", "sweep.toml"]).args(as_sets(&SETS));
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    ensure!(begin("sweep-whole").status()?.success(), "a sweep by one process failed");
    let expected = table(lab, "sweep-whole")?;

    let mut rng = Rng::with_seed(seed);
    let start = |command: &mut Command| command.spawn().context("the program could not be started");
    let mut running: Vec<Child> =
        (0..PROCESSES).map(|_| start(&mut begin("sweep-shared"))).collect::<Result<_>>()?;
    // Each is killed once, at a random moment, and started again.
    for process in &mut running {
        thread::sleep(Duration::from_millis(rng.u64(200..1500)));
        process.kill()?;
        process.wait()?;
        *process = start(&mut begin("sweep-shared"))?;
    }
    for mut process in running {
        ensure!(process.wait()?.success(), "a process of the sweep failed");
    }
    let found = table(lab, "sweep-shared")?;
    ensure!(found == expected, "found\n{found}\nexpected\n{expected}");
    // A trial that was begun twice would have two beginnings, or a finish before its end.
    for trial in 1..=trials {
        let path = lab.folder.join(format!("sweep-shared/trial-{trial}/metrics.jsonl"));
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let count = |event: &str| text.matches(&format!("\"event\":\"{event}\"")).count();
        ensure!(count("start") == 1 && count("finish") == 1, "{}: begun or finished twice", path.display());
    }
    say(&format!("{trials} trials by {PROCESSES} processes, each killed once: the table of one process"));
    Ok(())
}

/// The table that `sweep report` prints.
fn table(lab: &Lab, folder: &str) -> Result<String> {
    let output = lab.command(By::Itself).args(["sweep", "report", folder]).output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(output.status.success() && text.contains(" finished\n"), "{folder}: {text}");
    Ok(text.split("\n\n").nth(1).context("no table")?.to_owned())
}
