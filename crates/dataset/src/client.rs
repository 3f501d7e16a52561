//! Package clients that bring a data set where only their registries can be reached.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

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
    run("npm", &arguments, temporary.path())?;
    let folder = temporary.path().join("node_modules").join(package).join("data");
    Ok(Unpacked { folder, _temporary: temporary })
}

/// Downloads a Debian package and unpacks it into a temporary folder, without installing it.
pub(crate) fn debian(package: &str, folder: &str) -> Result<Unpacked, String> {
    let temporary = temporary()?;
    run("apt-get", &["download", package], temporary.path())?;
    let archive = std::fs::read_dir(temporary.path())
        .map_err(|error| error.to_string())?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "deb"))
        .ok_or("apt-get brought no package")?;
    run("dpkg-deb", &["-x", &archive.display().to_string(), "."], temporary.path())?;
    Ok(Unpacked { folder: temporary.path().join(folder), _temporary: temporary })
}

fn temporary() -> Result<TempDir, String> {
    TempDir::new().map_err(|error| format!("no temporary folder: {error}"))
}

/// Runs a client to its end; it cannot ask anything, and what it prints is the reason if it fails.
fn run(program: &str, arguments: &[&str], folder: &Path) -> Result<(), String> {
    let output = Command::new(program).args(arguments).current_dir(folder).stdin(Stdio::null()).output();
    let output = match output {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(format!("{program} is not installed")),
        other => other.map_err(|error| format!("{program}: {error}"))?,
    };
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let reason = said.lines().rev().find(|line| line.contains("code") || line.starts_with('E'));
    Err(format!("{program} failed: {}", reason.or(said.lines().next_back()).unwrap_or("it said nothing").trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_is_not_there_or_fails_is_a_reason_in_words() {
        assert_eq!(run("no-such-client", &[], Path::new("/")), Err("no-such-client is not installed".into()));
        let reason = run("sh", &["-c", "echo one >&2; echo E: two >&2; exit 3"], Path::new("/"));
        assert_eq!(reason, Err("sh failed: E: two".into()));
    }
}
