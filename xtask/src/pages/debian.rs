//! Builds the network for browsers with Debian's Rust, where rustup cannot bring the standard library for them.
//!
//! Debian has that library as a package of its newer releases. They are unpacked into a folder below `target`, and the
//! compiler runs with this folder as its root. Only root may do that.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::command::{cargo, output, say};
use crate::python::run_visibly;

/// The release that has a new enough compiler, and the script that unpacks it.
const RELEASE: &str = "forky";
const SCRIPT: &str = "/usr/share/debootstrap/scripts/sid";
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";
const PACKAGES: &str = "rustc,cargo,libstd-rust-dev-wasm32,libc6-dev,gcc,lld,ca-certificates";
/// So many lines hold the message of the package that failed, and the list of packages after it.
const LINES_OF_LOG: usize = 20;
/// Where the project and cargo's home are seen from inside, and where the build goes.
const INSIDE: [&str; 3] = ["work", "cargo", "build"];
/// Runs with a view of the file system of its own. It gets the system's folder, the project, cargo's home and
/// cargo's words. What is mounted there is seen by nobody else and goes with the last process, however it ends. So
/// nobody who removes `target` can ever remove what was mounted below it.
const BUILD_INSIDE: &str = r#"set -e
mount --bind "$2" "$1/work"
mount -o remount,ro,bind "$1/work"
mount --bind "$3" "$1/cargo"
exec chroot "$1" /bin/sh -c "cd /work && exec cargo $4 --offline""#;

/// Runs Debian's cargo with these words, and gives the path of the file that it has built below its target folder.
pub(super) fn build(root: &Path, words: &str, file: &str, unsigned: bool) -> Result<PathBuf> {
    let system = root.join("target/debian");
    if !system.join("ready").exists() {
        unpack(root, &system, unsigned)?;
    }
    // Inside there is no network: what is needed is fetched before.
    cargo(root, &[], "fetch --locked --target wasm32-unknown-unknown")?;
    for name in INSIDE {
        fs::create_dir_all(system.join(name))?;
    }
    say(&format!("$ chroot {} cargo {words}", system.display()));
    let status = Command::new("unshare")
        .args(["--mount", "/bin/sh", "-c", BUILD_INSIDE, "sh"])
        .args([&system, root, &cargo_home()?])
        .arg(words)
        .env_clear()
        .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        .env("HOME", "/tmp")
        .env("CARGO_HOME", "/cargo")
        .env("CARGO_TARGET_DIR", "/build")
        .status()
        .context("unshare could not be started")?;
    if !status.success() {
        bail!("Debian's cargo failed ({status})");
    }
    Ok(system.join("build").join(file))
}

/// Unpacks Debian's compiler.
fn unpack(root: &Path, system: &Path, unsigned: bool) -> Result<()> {
    let mirror = mirror(root)?;
    if system.exists() {
        fs::remove_dir_all(system).with_context(|| system.display().to_string())?;
    }
    let folder = system.display().to_string();
    let include = format!("--include={PACKAGES}");
    let keyring = format!("--keyring={KEYRING}");
    let trust = if unsigned { "--no-check-gpg" } else { &keyring };
    let words = [trust, "--variant=minbase", &include, RELEASE, &folder, &mirror, SCRIPT];
    if let Err(error) = run_visibly(root, "debootstrap", &words) {
        let log = fs::read_to_string(system.join("debootstrap/debootstrap.log")).unwrap_or_default();
        // Half of a system is of no use, and it may have filled the disk.
        drop(fs::remove_dir_all(system));
        return Err(error.context(why_not_unpacked(&log)));
    }
    // The compiler calls its linker by this name.
    symlink("/usr/bin/lld", system.join("usr/bin/rust-lld"))?;
    fs::write(system.join("ready"), "")?;
    Ok(())
}

/// What a reader needs to know of a system that was not unpacked. debootstrap itself only prints the path of its log.
fn why_not_unpacked(log: &str) -> String {
    let hint = "debootstrap is a package of Debian, needs root and takes 2 GB below target; an older Debian lacks the \
                keys of a newer release, and --unsigned does without them";
    let lines: Vec<&str> = log.lines().collect();
    if lines.is_empty() {
        return hint.to_owned();
    }
    let end = lines[lines.len().saturating_sub(LINES_OF_LOG)..].join("\n  ");
    format!("{hint}. Its log ends with:\n  {end}")
}

/// The mirror that this machine takes its packages from.
fn mirror(root: &Path) -> Result<String> {
    let targets = output(root, "apt-get", &["indextargets", "--format", "$(REPO_URI)"])
        .context("--debian needs Debian's apt-get")?;
    let mirrors = targets.lines().filter(|line| !line.contains("security"));
    mirrors.map(str::to_owned).next().context("apt-get names no mirror; run `apt-get update` first")
}

fn cargo_home() -> Result<PathBuf> {
    let named = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    named
        .or_else(|| std::env::home_dir().map(|home| home.join(".cargo")))
        .context("neither CARGO_HOME nor HOME is set")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_that_was_not_unpacked_is_explained_by_the_end_of_the_log() {
        let log: String =
            (0..30).map(|i| format!("line {i}\n")).chain(["No space left on device\n".into()]).collect();
        let said = why_not_unpacked(&log);
        assert!(said.ends_with("line 29\n  No space left on device"), "{said}");
        assert!(!said.contains("line 9\n"), "{said}");
        assert!(said.contains("--unsigned") && why_not_unpacked("").contains("--unsigned"), "{said}");
    }
}
