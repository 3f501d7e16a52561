//! A server that runs, and what it takes.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::robustness::serve::client;

/// How long a server of another kind may take to end.
const PATIENCE: Duration = Duration::from_secs(5);

/// A server that is ended when this is dropped.
pub(super) struct Served {
    child: Child,
    pub(super) socket: SocketAddr,
}

impl Served {
    /// Starts the program's server.
    pub(super) fn start(program: &str, more: &[&str]) -> Result<Self> {
        let mut command = Command::new(program);
        command.arg("serve").args(more);
        Self::start_by(command)
    }

    /// Starts the program's server by a command to which its last words are added.
    pub(super) fn start_by(mut command: Command) -> Result<Self> {
        command.args(["--port", "0", "--log", "off"]).stderr(Stdio::piped());
        let mut child = command.spawn().context("the server could not be started")?;
        let mut said = BufReader::new(child.stderr.take().context("the server says nothing")?);
        let socket = loop {
            let mut line = String::new();
            if said.read_line(&mut line)? == 0 {
                bail!("the server ended before it had an address");
            }
            if let Some((_, rest)) = line.split_once("open http://") {
                break rest.split('/').next().unwrap_or_default().parse()?;
            }
        };
        // What it says later must not fill the pipe.
        thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        Ok(Self { child, socket })
    }

    /// A server of another kind, which is ready once it answers.
    pub(super) fn other(mut command: Command, socket: SocketAddr) -> Result<Self> {
        let child = command.spawn().with_context(|| format!("{command:?} could not be started"))?;
        let mut served = Self { child, socket };
        let began = Instant::now();
        while client::get(socket, "/healthz").is_err() {
            if let Some(status) = served.child.try_wait()? {
                bail!("{command:?} ended ({status})");
            }
            if began.elapsed() > Duration::from_secs(60) {
                bail!("{command:?} does not answer");
            }
            thread::sleep(Duration::from_millis(100));
        }
        Ok(served)
    }

    /// The most memory that it has taken, in MiB.
    pub(super) fn memory(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        peak.trim().trim_end_matches(" kB").parse::<u64>().ok().map(|peak| peak >> 10)
    }

    /// The processor time that it and its processes have taken, in seconds. On a machine that does much else it tells
    /// more than the clock does.
    pub(super) fn processor_seconds(&self) -> f64 {
        let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
        let own = self.child.id().to_string();
        let seconds = processes.filter_map(|process| {
            let stat = fs::read_to_string(process.path().join("stat")).ok()?;
            // The name, in parentheses, may hold anything.
            let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
            let is_own = process.file_name().to_str() == Some(&own) || fields.get(1) == Some(&own.as_str());
            let ticks = fields.get(11..13).filter(|_| is_own)?;
            Some(ticks.iter().filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0)
        });
        seconds.sum()
    }

    /// Sends a signal, and tells how the server ended and how long that took.
    pub(super) fn end(&mut self, signal: &str) -> Result<(ExitStatus, Duration)> {
        let began = Instant::now();
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status()?;
        if !sent.success() {
            bail!("the server has gone already");
        }
        Ok((self.child.wait()?, began.elapsed()))
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // Once it has ended and was waited for, its number may be another process's.
        if !matches!(self.child.try_wait(), Ok(None)) {
            return;
        }
        // Servers with processes of their own end those only if they are asked to.
        drop(
            Command::new("kill").args(["-TERM", &self.child.id().to_string()]).stderr(Stdio::null()).status(),
        );
        let began = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) && began.elapsed() < PATIENCE {
            thread::sleep(Duration::from_millis(20));
        }
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
