//! Runs a case, and collects what it leaves behind: how each command ended, and every file.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::case::{Case, SMALL, Step, TINY};

/// How long to wait for a checkpoint.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a case left behind.
pub(super) struct Footprint {
    pub(super) commands: Vec<ProgramOutput>,
    /// Content by path within the case's folder; a folder is a path that ends with a slash.
    pub(super) files: BTreeMap<String, Vec<u8>>,
    /// Keys of JSON whose values are not compared.
    pub(super) masked_keys: Vec<&'static str>,
}

/// How a command ended, and what it printed.
pub(super) struct ProgramOutput {
    pub(super) line: String,
    /// `None` if a signal ended it.
    pub(super) code: Option<i32>,
    pub(super) stdout: Vec<u8>,
    /// Only printed beside a difference, never compared.
    pub(super) stderr: String,
}

/// Runs a case with a program in a new folder.
pub(super) fn footprint(case: &Case, program: &Path, folder: &Path) -> Result<Footprint> {
    fs::create_dir_all(folder)?;
    let mut commands = Vec::new();
    for step in case.steps {
        match step {
            Step::Run(line) | Step::Fails(line) => commands.push(run(program, folder, line, None)?),
            Step::Interrupt { words, signal, run: of } => {
                commands.push(run(program, folder, words, Some((signal, of)))?);
            }
            Step::Write { path, content } => {
                let path = folder.join(path);
                fs::create_dir_all(path.parent().unwrap_or(folder))?;
                fs::write(path, content)?;
            }
            Step::Damage { below, name } => damage(&folder.join(below), name)?,
        }
    }
    let mut files = BTreeMap::new();
    for path in below(folder)? {
        let name = path.strip_prefix(folder)?.display().to_string();
        if path.is_dir() {
            files.insert(name + "/", Vec::new());
        } else {
            files.insert(name, fs::read(&path)?);
        }
    }
    Ok(Footprint { commands, files, masked_keys: case.masked_keys() })
}

impl Footprint {
    /// Checks that the commands of a case succeeded and failed as the case expects.
    pub(super) fn check(&self, case: &Case) -> Result<()> {
        let steps = case.steps.iter().filter_map(|step| match step {
            Step::Run(_) => Some(true),
            Step::Fails(_) | Step::Interrupt { .. } => Some(false),
            Step::Write { .. } | Step::Damage { .. } => None,
        });
        for (succeeds, ended) in steps.zip(&self.commands) {
            let ProgramOutput { line, code, stderr, .. } = ended;
            ensure!((*code == Some(0)) == succeeds, "«{line}» ended with {code:?}: {stderr}");
        }
        Ok(())
    }
}

/// The words of a line: variables of the environment, and what the program gets.
fn words(line: &str) -> (Vec<(&str, &str)>, Vec<&str>) {
    let all: Vec<&str> = line
        .split(' ')
        .filter(|word| !word.is_empty())
        .flat_map(|word| match word {
            "SMALL" => SMALL.split(' ').collect(),
            "TINY" => TINY.split(' ').collect(),
            word => vec![word],
        })
        .collect();
    let is_variable = |word: &&&str| word.starts_with(|c: char| c.is_ascii_uppercase()) && word.contains('=');
    let variables = all.iter().take_while(is_variable).count();
    let pairs = all[..variables].iter().filter_map(|word| word.split_once('=')).collect();
    (pairs, all[variables..].to_vec())
}

fn run(program: &Path, folder: &Path, line: &str, signal: Option<(&str, &str)>) -> Result<ProgramOutput> {
    let (variables, words) = words(line);
    let mut command = Command::new(program);
    command.args(words).current_dir(folder).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    // The environment of this task must not influence the program.
    for name in ["MNIST_CNN_DATA", "MNIST_CNN_MIRROR", "MNIST_CNN_SIMD", "CARGO", "RAYON_NUM_THREADS"] {
        command.env_remove(name);
    }
    command.env("NO_COLOR", "1").envs(variables);
    let mut child = command.spawn().with_context(|| format!("{} could not be started", program.display()))?;
    if let Some((signal, run)) = signal {
        let newest = newest_checkpoint(&folder.join(run));
        let began = Instant::now();
        while newest_checkpoint(&folder.join(run)) == newest {
            ensure!(child.try_wait()?.is_none(), "{line}: it ended before the signal");
            ensure!(began.elapsed() < PATIENCE, "{line}: no checkpoint");
            sleep(Duration::from_millis(1));
        }
        Command::new("kill").args(["-s", signal, &child.id().to_string()]).status()?;
    }
    let output = child.wait_with_output()?;
    Ok(ProgramOutput {
        line: line.to_owned(),
        code: output.status.code(),
        stdout: output.stdout,
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// The last of a run's checkpoints by name, which is in the order of their steps.
fn newest_checkpoint(run: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(run.join("checkpoints")).ok()?;
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    paths
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("step-")))
        .max()
}

/// Flips a bit of the last byte of each file of this name.
fn damage(folder: &Path, name: &str) -> Result<()> {
    let files: Vec<PathBuf> =
        below(folder)?.into_iter().filter(|path| path.file_name().is_some_and(|file| file == name)).collect();
    ensure!(!files.is_empty(), "{} holds no {name}", folder.display());
    for file in files {
        let mut bytes = fs::read(&file)?;
        if let Some(last) = bytes.last_mut() {
            *last ^= 1;
        }
        fs::write(&file, bytes)?;
    }
    Ok(())
}

/// All files and folders below a folder.
fn below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path.clone());
            }
            found.push(path);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_variables_and_words() {
        let (variables, given) = words("A_B=c train -p run --set train.seed=2");
        assert_eq!(variables, [("A_B", "c")]);
        assert_eq!(given, ["train", "-p", "run", "--set", "train.seed=2"]);
        assert_eq!(words(""), (vec![], vec![]));
        let (_, given) = words("train SMALL");
        assert_eq!(given[..3], ["train", "--set", "data.dataset=sample"]);
    }
}
