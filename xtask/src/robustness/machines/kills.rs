//! One of several processes is killed at a random moment, and the run goes on in another number of them.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use fastrand::Rng;

use crate::command::say;
use crate::robustness::machines::lab::{By, Lab, SMALL, as_sets, finished, sha256};

/// How long the launcher may take to end the others.
const SOON: Duration = Duration::from_secs(5);

pub(super) fn run(lab: &Lab, kills: u32, seed: u64) -> Result<()> {
    let mut rng = Rng::with_seed(seed);
    let began = Instant::now();
    let expected = sha256(&lab.train(By::Processes(4), "kills-whole", 1, &SMALL)?)?;
    let whole = began.elapsed();
    let (mut killed, mut round) = (0, 0);
    while killed < kills {
        round += 1;
        let run = format!("kills-{round}");
        let mut command = lab.command(By::Processes(4));
        command.args(["train", "-p", &run]).args(as_sets(&SMALL));
        // Up to three times, each in another number of processes.
        for processes in [2, 4, 1] {
            let moment = whole.mul_f64(0.1 + 0.8 * rng.f64());
            let has_begun = |lab: &Lab| lab.folder.join(&run).join("config.toml").is_file();
            if !killed_after(&lab.folder.join("kills.log"), &mut command, moment, &mut rng)? {
                break;
            }
            killed += 1;
            if !has_begun(lab) {
                break;
            }
            command = lab.command(By::Processes(processes));
            command.env("RAYON_NUM_THREADS", rng.u8(1..=2).to_string());
            command.args(["train", "--resume", "-p", &run]);
        }
        if !lab.folder.join(&run).join("config.toml").is_file() {
            continue;
        }
        let found =
            sha256(&finished(lab.command(By::Itself).args(["train", "--resume", "--json", "-p", &run]))?)?;
        ensure!(found == expected, "{run}: found {found}, expected {expected}");
    }
    say(&format!(
        "{killed} kills in {round} runs, resumed by 1, 2 and 4 processes of 1 or 2 threads: the same bits"
    ));
    Ok(())
}

/// Kills one of the processes after some time. `false` if they were through before.
fn killed_after(log: &Path, command: &mut Command, moment: Duration, rng: &mut Rng) -> Result<bool> {
    let mut launcher = command.stdout(Stdio::null()).stderr(fs::File::create(log)?).spawn()?;
    thread::sleep(moment);
    if launcher.try_wait()?.is_some() {
        return Ok(false);
    }
    let processes = children(launcher.id())?;
    if processes.is_empty() {
        // The launcher has not started them yet, or they have just ended.
        launcher.wait()?;
        return Ok(false);
    }
    // The launcher starts them in the order of their numbers.
    let rank = rng.usize(0..processes.len());
    let victim = processes[rank];
    Command::new("kill").args(["-KILL", &victim.to_string()]).stderr(Stdio::null()).status()?;
    let was_killed = ended(&mut launcher)?;
    let said = fs::read_to_string(log)?;
    // A process that has not joined the others yet is not named.
    let is_named = said.contains(&format!("process rank {rank} ")) || said.contains("1 process returned");
    ensure!(!was_killed || is_named, "process {rank} was killed, and is not named: {said}");
    Ok(was_killed)
}

/// Waits until the launcher has ended the others. `false` if the victim was through before it was killed.
fn ended(launcher: &mut Child) -> Result<bool> {
    let began = Instant::now();
    loop {
        if let Some(status) = launcher.try_wait()? {
            return Ok(!status.success());
        }
        if began.elapsed() > SOON {
            launcher.kill()?;
            bail!("the others go on {} s after one was killed", SOON.as_secs());
        }
        thread::sleep(Duration::from_millis(10));
    }
}

/// The processes that a process has started.
fn children(id: u32) -> Result<Vec<u32>> {
    let file = format!("/proc/{id}/task/{id}/children");
    let text = fs::read_to_string(&file).with_context(|| file.clone())?;
    Ok(text.split_whitespace().filter_map(|id| id.parse().ok()).collect())
}
