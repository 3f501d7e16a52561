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
/// Where the project and cargo's home are seen from inside.
const INSIDE: [&str; 3] = ["work", "cargo", "build"];

/// Runs Debian's cargo with these words, and gives the path of the file that it has built below its target folder.
pub(super) fn build(root: &Path, words: &str, file: &str) -> Result<PathBuf> {
    let system = root.join("target/debian");
    if !system.join("ready").exists() {
        unpack(root, &system)?;
    }
    // Inside there is no network: what is needed is fetched before.
    cargo(root, &[], "fetch --locked --target wasm32-unknown-unknown")?;
    let [work, home, built] = INSIDE.map(|name| system.join(name));
    fs::create_dir_all(&built)?;
    let mounts = [Mount::new(root, root, &work)?, Mount::new(root, &cargo_home()?, &home)?];
    say(&format!("$ chroot {} cargo {words}", system.display()));
    let status = Command::new("chroot")
        .arg(&system)
        .args(["/bin/sh", "-c", &format!("cd /work && exec cargo {words} --offline")])
        .env_clear()
        .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        .env("HOME", "/tmp")
        .env("CARGO_HOME", "/cargo")
        .env("CARGO_TARGET_DIR", "/build")
        .status()
        .context("chroot could not be started")?;
    drop(mounts);
    if !status.success() {
        bail!("Debian's cargo failed ({status})");
    }
    Ok(built.join(file))
}

/// Unpacks Debian's compiler.
fn unpack(root: &Path, system: &Path) -> Result<()> {
    let mirror = mirror(root)?;
    if system.exists() {
        fs::remove_dir_all(system).with_context(|| system.display().to_string())?;
    }
    let folder = system.display().to_string();
    let include = format!("--include={PACKAGES}");
    let unpacked = |trust: &str| {
        let words = [trust, "--variant=minbase", &include, RELEASE, &folder, &mirror, SCRIPT];
        run_visibly(root, "debootstrap", &words).context("debootstrap is a package of Debian and needs root")
    };
    if let Err(error) = unpacked(&format!("--keyring={KEYRING}")) {
        // An older release of Debian has no keys of a newer one.
        say(&format!(
            "{error:#}; once more without Debian's signatures, whose keys this machine may not have"
        ));
        fs::remove_dir_all(system).ok();
        unpacked("--no-check-gpg")?;
    }
    // The compiler calls its linker by this name.
    symlink("/usr/bin/lld", system.join("usr/bin/rust-lld"))?;
    fs::write(system.join("ready"), "")?;
    Ok(())
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

/// A folder that is seen at a second place, until this value goes.
struct Mount {
    root: PathBuf,
    place: String,
}

impl Mount {
    fn new(root: &Path, folder: &Path, place: &Path) -> Result<Self> {
        fs::create_dir_all(place)?;
        let [folder, place] = [folder, place].map(|path| path.display().to_string());
        run_visibly(root, "mount", &["--bind", &folder, &place])?;
        Ok(Self { root: root.to_owned(), place })
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        if let Err(error) = run_visibly(&self.root, "umount", &[&self.place]) {
            say(&format!("{error:#}; nothing below target may be removed before `umount {}`", self.place));
        }
    }
}
