//! Slurm on one machine: an array of five seeds of which one is ended twice, the test that waits for it, and MPI.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::command::{output, say};
use crate::robustness::machines::daemon::{Daemon, kill, processes_with, until};
use crate::robustness::machines::lab::{By, Lab, SMALL, as_sets, finished, sha256};
use crate::robustness::machines::seeds::{ARRAY, seeds_sha256};

pub(super) fn run(lab: &Lab, root: &Path) -> Result<()> {
    let expected = seeds_sha256(lab, "slurm-whole")?;
    let cluster = Cluster::start(&lab.folder.join("slurm"))?;
    say("Slurm runs");
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<String>>();
    let script = |name: &str| root.join("deploy").join(name).display().to_string();
    let training =
        [&["train", "--seeds", "5", "-p", "array"][..], &as_sets(&ARRAY).collect::<Vec<_>>()].concat();
    let many = script("slurm-array.sh");
    let array = [&["--array=1-5", "--cpus-per-task=1", &many][..], &training].concat();
    let array = cluster.submit(lab, lab.alone(), &words(&array))?;
    let after = format!("--dependency=afterok:{array}");
    let test = [&after, "--cpus-per-task=1", "--output=test.txt", &script("slurm-test.sh"), "-p", "array"];
    cluster.submit(lab, lab.alone(), &words(&test))?;

    // The first time as Slurm does it before a job's time is up, the second time as a machine does it that fails.
    begun(lab, 2, 0)?;
    cluster.ask("scancel", &["--batch", "--signal=TERM", &format!("{array}_2")])?;
    cluster.restarted(&format!("{array}_2"), 1)?;
    say("task 2 was ended by TERM, and has put itself back into the queue");
    begun(lab, 2, newest(lab, 2))?;
    let program = lab.alone().display().to_string();
    for victim in processes_with(&[&program, "--only", "2"])? {
        kill("-KILL", victim)?;
    }
    cluster.restarted(&format!("{array}_2"), 2)?;
    say("task 2 was killed, and has put itself back into the queue");
    cluster.wait(180)?;
    let log = |name: &str| fs::read_to_string(lab.folder.join(name)).unwrap_or_default();
    let tested = log("test.txt");
    ensure!(tested.contains("mean"), "the dependent test said: {tested}");
    let found = seeds_sha256(lab, "array")?;
    ensure!(found == expected, "found {found:?}, expected {expected:?}");
    say("an array of five seeds, one ended twice: the runs of train --seeds 5, and then their test");

    let alone = sha256(&lab.train(By::Itself, "slurm-alone", 1, &SMALL)?)?;
    let mpi = ["--ntasks=2", "--output=mpi.txt", &script("slurm-mpi.sh"), "-p", "mpi"];
    let mpi = [&mpi[..], &as_sets(&SMALL).collect::<Vec<_>>()].concat();
    cluster.submit(lab, lab.with_mpi(), &words(&mpi))?;
    cluster.wait(120)?;
    let found = finished(lab.command(By::Itself).args(["train", "--resume", "--json", "-p", "mpi"]));
    let found = sha256(&found.with_context(|| log("mpi.txt"))?)?;
    ensure!(found == alone && log("mpi.txt").contains("Reached"), "{found}: {}", log("mpi.txt"));
    say("one run by two processes of srun: the bits of one without MPI");
    Ok(())
}

/// The step of the newest checkpoint of a seed's run; 0 before there is one.
fn newest(lab: &Lab, seed: u32) -> u32 {
    let folder = lab.folder.join(format!("array/seed-{seed}/checkpoints"));
    let names = folder.read_dir().into_iter().flatten().flatten().map(|entry| entry.file_name());
    let step = |name: std::ffi::OsString| name.to_str()?.strip_prefix("step-")?.parse().ok();
    names.filter_map(step).max().unwrap_or(0)
}

/// Waits until a seed's run has a checkpoint after this step.
fn begun(lab: &Lab, seed: u32, step: u32) -> Result<()> {
    until("a checkpoint of the array's second run", 120, || Ok(newest(lab, seed) > step))
}

/// Slurm's three programs, with a configuration of their own.
struct Cluster {
    config: PathBuf,
    _programs: [Daemon; 3],
}

impl Cluster {
    fn start(folder: &Path) -> Result<Self> {
        for name in ["state", "spool"] {
            fs::create_dir_all(folder.join(name))?;
        }
        let place = |name: &str| folder.join(name).display().to_string();
        let user = output(folder, "id", &["-un"])?;
        let config = folder.join("slurm.conf");
        fs::write(&config, configuration(folder, user.trim()))?;
        let key: Vec<u8> = (0..128).map(|_| fastrand::u8(..)).collect();
        fs::write(folder.join("key"), key)?;
        output(folder, "chmod", &["600", &place("key")])?;
        let needed = "Debian's packages slurmctld, slurmd, slurm-client and munge are needed";
        let start = |program: &str, words: &[&str]| {
            let mut command = Command::new(program);
            command.args(words).env("SLURM_CONF", &config);
            let log = Path::new(program).file_name().unwrap_or_default();
            Daemon::start(&mut command, &folder.join(log).with_extension("log")).context(needed)
        };
        let munge = start(
            "/usr/sbin/munged",
            &[
                "--foreground",
                "--force",
                &format!("--key-file={}", place("key")),
                &format!("--socket={}", place("munge.socket")),
                &format!("--pid-file={}", place("munge.pid")),
                &format!("--log-file={}", place("munge.log")),
                &format!("--seed-file={}", place("munge.seed")),
            ],
        )?;
        until("munge", 10, || Ok(folder.join("munge.socket").exists()))?;
        let controller = start("/usr/sbin/slurmctld", &["-D"])?;
        let machine = start("/usr/sbin/slurmd", &["-D", "-N", "localhost"])?;
        let cluster = Self { config, _programs: [munge, controller, machine] };
        until("Slurm", 30, || {
            Ok(cluster.ask("sinfo", &["-h", "-o", "%T"]).is_ok_and(|state| state.trim() == "idle"))
        })?;
        Ok(cluster)
    }

    /// Runs one of Slurm's commands.
    fn ask(&self, program: &str, words: &[&str]) -> Result<String> {
        let output = Command::new(program).args(words).env("SLURM_CONF", &self.config).output();
        let output = output.with_context(|| format!("{program} could not be started"))?;
        ensure!(output.status.success(), "{program} {words:?}: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Submits a script in the lab's folder, and gives the job's number.
    fn submit(&self, lab: &Lab, program: &Path, words: &[String]) -> Result<String> {
        let mut command = Command::new("sbatch");
        command.arg("--parsable").args(words).current_dir(&lab.folder);
        command.env("SLURM_CONF", &self.config).env("MNIST_CNN", program);
        let output = command.output().context("sbatch could not be started")?;
        ensure!(output.status.success(), "sbatch: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// Waits until a task was put back into the queue so often.
    fn restarted(&self, task: &str, times: u32) -> Result<()> {
        until("the task to be queued again", 60, || {
            let told = self.ask("scontrol", &["show", "job", task])?;
            Ok(told.contains(&format!("Restarts={times} ")))
        })
    }

    /// Waits until there are no jobs any more.
    fn wait(&self, seconds: u64) -> Result<()> {
        until("the jobs", seconds, || Ok(self.ask("squeue", &["-h"])?.trim().is_empty()))
            .with_context(|| self.ask("squeue", &["-l"]).unwrap_or_default())
    }
}

/// A cluster of this machine alone, with two processors, that needs no database, no cgroups and no service.
fn configuration(folder: &Path, user: &str) -> String {
    let folder = folder.display();
    format!(
        "ClusterName=lab
SlurmctldHost=localhost
SlurmUser={user}
SlurmdUser={user}
SlurmctldPort=46817
SlurmdPort=46818
AuthType=auth/munge
# A task that was put back waits until its old credential has expired.
AuthInfo=socket={folder}/munge.socket,cred_expire=5
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
MpiDefault=none
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
NodeName=localhost CPUs=2 State=UNKNOWN
PartitionName=lab Nodes=localhost Default=YES MaxTime=INFINITE State=UP OverSubscribe=NO
"
    )
}
