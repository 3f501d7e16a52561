//! Programs that run in the background while something is tried.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// A program that is ended when this value is dropped.
pub(super) struct Daemon(Child);

impl Daemon {
    /// Starts a program that stays in the foreground. What it says goes to a file.
    pub(super) fn start(command: &mut Command, log: &Path) -> Result<Self> {
        let said = File::create(log).with_context(|| log.display().to_string())?;
        command.stdin(Stdio::null()).stdout(said.try_clone()?).stderr(said);
        let child = command.spawn().with_context(|| format!("{command:?} could not be started"))?;
        Ok(Self(child))
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // TERM lets it end what it has started.
        let id = self.0.id().to_string();
        drop(Command::new("kill").args(["-TERM", &id]).status());
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(5) {
            if let Ok(Some(_)) | Err(_) = self.0.try_wait() {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Waits until something is so.
pub(super) fn until(what: &str, seconds: u64, mut is_so: impl FnMut() -> Result<bool>) -> Result<()> {
    let began = Instant::now();
    while !is_so()? {
        if began.elapsed() > Duration::from_secs(seconds) {
            bail!("waited {seconds} s for {what}");
        }
        thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// The processes whose command lines have all of these words.
pub(super) fn processes_with(words: &[&str]) -> Result<Vec<u32>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc")? {
        let path = entry?.path();
        let id = path.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok());
        // A process may end at any moment.
        let (Some(id), Ok(line)) = (id, std::fs::read(path.join("cmdline"))) else { continue };
        let line: Vec<String> =
            line.split(|b| *b == 0).map(|w| String::from_utf8_lossy(w).into_owned()).collect();
        if words.iter().all(|word| line.iter().any(|own| own == word)) {
            found.push(id);
        }
    }
    Ok(found)
}

/// Ends a process by a signal, if it is still there.
pub(super) fn kill(signal: &str, id: u32) -> Result<()> {
    Command::new("kill").args([signal, &id.to_string()]).stderr(Stdio::null()).status()?;
    Ok(())
}
