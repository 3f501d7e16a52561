//! Finds the program of an earlier version, or builds it from a git revision.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::command::{build_program, output, say};

/// The version that speeds are compared with.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Before {
    /// Time an earlier version as well, in turn: the path of its program, or a git revision.
    #[arg(long, value_name = "PROGRAM_OR_REVISION")]
    before: Option<String>,
}

impl Before {
    /// The earlier version's program, built with these flags if a revision names it.
    ///
    /// Today's program has to be built after it: both builds write the same file.
    pub(crate) fn program(&self, root: &Path, flags: &str) -> Result<Option<String>> {
        let named = self.before.as_deref();
        named.map(|named| Ok(program(root, named, flags)?.display().to_string())).transpose()
    }
}

/// The program that `named` means: the path of one, or else a git revision, which is built below `target`.
///
/// `flags` are handed to cargo, as for today's program.
pub(crate) fn program(root: &Path, named: &str, flags: &str) -> Result<PathBuf> {
    let path = std::path::absolute(named)?;
    if path.is_file() {
        return Ok(path);
    }
    let revision = output(root, "git", &["rev-parse", "--verify", "--quiet", &format!("{named}^{{commit}}")])
        .with_context(|| format!("{named} is neither a program nor a git revision"))?;
    build(root, revision.trim(), flags)
}

/// Checks a revision out below `target`, builds it there, and keeps its program beside it.
fn build(root: &Path, revision: &str, flags: &str) -> Result<PathBuf> {
    let folder = root.join("target/earlier").join(revision);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    say(&format!("checking out {revision} into {}", folder.display()));
    unpack(root, revision, &folder)?;
    // With one target folder for both versions, a dependency that both use alike is compiled once.
    let target = root.join("target").display().to_string();
    let built = build_program(&folder, &format!("--locked --target-dir {target} {flags}"))?;
    // The next build of today's program overwrites the file that cargo names.
    let program = folder.join("mnist-cnn-before");
    fs::copy(&built, &program).with_context(|| built.clone())?;
    Ok(program)
}

/// Writes a revision's files into an empty folder, without touching the checkout or git's own files.
pub(crate) fn unpack(root: &Path, revision: &str, folder: &Path) -> Result<()> {
    let mut archive = Command::new("git")
        .args(["archive", "--format=tar", revision])
        .current_dir(root)
        .stdout(Stdio::piped())
        .spawn()
        .context("git could not be started")?;
    let tar = archive.stdout.take().context("a pipe from git")?;
    let unpacked = Command::new("tar").arg("-x").current_dir(folder).stdin(tar).status();
    ensure!(archive.wait()?.success(), "git archive {revision} failed");
    ensure!(unpacked.context("tar could not be started")?.success(), "tar failed");
    Ok(())
}
