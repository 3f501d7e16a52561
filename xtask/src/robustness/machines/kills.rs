//! One of several processes is killed at a random moment, and the run goes on in another number of them.

use std::fs;
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
            if !killed_after(&mut command, moment, &mut rng)? {
                break;
            }
            killed += 1;
            if !has_begun(lab) {
                break;
            }
            command = lab.command(By::Processes(processes));
            command.args(["train", "--resume", "-p", &run]);
        }
        if !lab.folder.join(&run).join("config.toml").is_file() {
            continue;
        }
        let found =
            sha256(&finished(lab.command(By::Itself).args(["train", "--resume", "--json", "-p", &run]))?)?;
        ensure!(found == expected, "{run}: found {found}, expected {expected}");
    }
    say(&format!("{killed} kills in {round} runs, resumed by 1, 2 and 4 processes: the same bits"));
    Ok(())
}

/// Kills one of the processes after some time. `false` if they were through before.
fn killed_after(command: &mut Command, moment: Duration, rng: &mut Rng) -> Result<bool> {
    let mut launcher = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
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
    let victim = processes[rng.usize(0..processes.len())];
    Command::new("kill").args(["-KILL", &victim.to_string()]).stderr(Stdio::null()).status()?;
    ended(&mut launcher)
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
