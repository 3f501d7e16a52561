//! Package clients that bring a data set where only their registries can be reached.

use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// The packages have up to 60 MB; a client that is not done by then has lost its server.
const PATIENCE: Duration = Duration::from_secs(900);
/// What the npm client's program is called.
const NPM: &str = if cfg!(windows) { "npm.cmd" } else { "npm" };

/// A temporary folder with a package's files; it goes when this is dropped.
pub(crate) struct Unpacked {
    /// Where the data files are.
    pub(crate) folder: PathBuf,
    _temporary: TempDir,
}

/// Installs an npm package into a temporary folder, without running its scripts.
pub(crate) fn npm(package: &str, version: &str) -> Result<Unpacked, String> {
    let temporary = temporary()?;
    let prefix = temporary.path().display().to_string();
    let wanted = format!("{package}@{version}");
    let quiet = ["--ignore-scripts", "--no-save", "--no-audit", "--no-fund", "--fetch-retries=1"];
    let arguments: Vec<&str> =
        ["install", "--prefix", &prefix].into_iter().chain(quiet).chain([wanted.as_str()]).collect();
    run(NPM, &arguments, temporary.path(), PATIENCE)?;
    let folder = temporary.path().join("node_modules").join(package).join("data");
    Ok(Unpacked { folder, _temporary: temporary })
}

/// Downloads a Debian package and unpacks it into a temporary folder, without installing it.
pub(crate) fn debian(package: &str, folder: &str) -> Result<Unpacked, String> {
    let temporary = temporary()?;
    run("apt-get", &["download", package], temporary.path(), PATIENCE)?;
    let archive = std::fs::read_dir(temporary.path())
        .map_err(|error| error.to_string())?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "deb"))
        .ok_or("apt-get brought no package")?;
    run("dpkg-deb", &["-x", &archive.display().to_string(), "."], temporary.path(), PATIENCE)?;
    Ok(Unpacked { folder: temporary.path().join(folder), _temporary: temporary })
}

fn temporary() -> Result<TempDir, String> {
    TempDir::new().map_err(|error| format!("no temporary folder: {error}"))
}

/// Runs a client to its end. It cannot ask anything, and what it prints is the reason if it fails.
fn run(program: &str, arguments: &[&str], folder: &Path, patience: Duration) -> Result<(), String> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => format!("{program} is not installed"),
        _ => format!("{program}: {error}"),
    };
    // A file and not a pipe: a client that prints much never waits for somebody to read it.
    let mut said = tempfile::tempfile().map_err(failed)?;
    let mut child = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(said.try_clone().map_err(failed)?)
        .spawn()
        .map_err(failed)?;
    let Some(status) = wait(&mut child, patience).map_err(failed)? else {
        return Err(format!("{program} was not done after {} seconds", patience.as_secs()));
    };
    if status.success() {
        return Ok(());
    }
    let mut bytes = Vec::new();
    said.rewind().and_then(|()| said.read_to_end(&mut bytes)).map_err(failed)?;
    Err(format!("{program} failed: {}", reason(&String::from_utf8_lossy(&bytes))))
}

/// Waits for a child; `None` if it had to be ended because it took too long.
fn wait(child: &mut Child, patience: Duration) -> io::Result<Option<ExitStatus>> {
    let end = Instant::now() + patience;
    loop {
        match child.try_wait()? {
            Some(status) => return Ok(Some(status)),
            None if Instant::now() < end => thread::sleep(Duration::from_millis(20)),
            None => {
                child.kill()?;
                child.wait()?;
                return Ok(None);
            }
        }
    }
}

/// The line of a client's messages that says most: apt marks it with an E, npm with a code.
fn reason(said: &str) -> &str {
    let line = said.lines().find(|line| line.contains("code") || line.starts_with('E'));
    line.or(said.lines().next_back()).unwrap_or("it said nothing").trim()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str, patience: Duration) -> Result<(), String> {
        run("sh", &["-c", script], Path::new("/"), patience)
    }

    #[test]
    fn a_client_that_is_not_there_or_fails_is_a_reason_in_words() {
        let missing = run("no-such-client", &[], Path::new("/"), PATIENCE);
        assert_eq!(missing, Err("no-such-client is not installed".into()));
        let failed = shell("echo one >&2; echo E: two >&2; echo three >&2; exit 3", PATIENCE);
        assert_eq!(failed, Err("sh failed: E: two".into()));
        assert_eq!(shell("exit 1", PATIENCE), Err("sh failed: it said nothing".into()));
    }

    #[test]
    fn a_client_cannot_ask_and_cannot_choke_on_its_own_words() {
        assert!(shell("read answer", PATIENCE).is_err());
        assert_eq!(shell("head -c 1000000 /dev/zero >&2; exit 0", PATIENCE), Ok(()));
    }

    #[test]
    fn a_client_that_never_ends_is_ended() {
        let began = Instant::now();
        let result = run("sleep", &["60"], Path::new("/"), Duration::from_millis(100));
        assert_eq!(result, Err("sleep was not done after 0 seconds".into()));
        assert!(began.elapsed().as_secs() < 10);
    }
}
