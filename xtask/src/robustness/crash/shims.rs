//! Trains and tests with calls of the C library that fail as those of NFS, SMB, FUSE and full quotas do.
//!
//! `shim.c` is loaded into the program and lets one call fail with one error number. Where the program has to go
//! on, it must end with nothing missing. Where it has to end, it must say what failed and lose nothing.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, bail, ensure};

use super::lab::{CrashLab, Remains, copy, entries, newest_step, remains, said, start};

const EPOCHS: usize = 1;
/// What `test` prints when it shows its figures.
pub(super) const FIGURES: &str = "accuracy";
/// Longer than a partial file stays that cannot be locked.
const AGE: Duration = Duration::from_secs(2 * 3600);

/// What a failing call must lead to.
enum End {
    /// The command ends as if nothing had failed, and says these words.
    GoesOn(&'static str),
    /// The command ends with one of these exit codes, and says these words.
    Stops(&'static [i32], &'static str),
}

/// A call, the error numbers that it fails with, and what they must lead to.
type Failures = (&'static str, &'static [&'static str], End);

/// Calls that fail from the beginning.
const FROM_THE_BEGINNING: [Failures; 7] = [
    ("flock", &["ENOLCK", "ENOSYS", "EOPNOTSUPP"], End::GoesOn("is on a file system without locks")),
    ("flock", &["EWOULDBLOCK"], End::Stops(&[2], "another process is training in")),
    ("flock", &["EIO"], End::Stops(&[1], "locking ")),
    (
        "fsync-folder",
        &["EINVAL", "ENOTSUP", "ENOSYS", "EBADF"],
        End::GoesOn("is on a file system that cannot sync a folder"),
    ),
    ("fsync-folder", &["EIO"], End::Stops(&[1], "syncing the folder ")),
    // A kernel or a sandbox without the call: the standard library has an older one for it.
    ("statx", &["ENOSYS"], End::GoesOn("")),
    ("statfs", &["ENOSYS", "EACCES", "EIO"], End::GoesOn("")),
];

/// Calls that begin to fail when a run is being set up, when it writes checkpoints, and near its end.
const LATER: [Failures; 5] = [
    (
        "rename",
        &["EDQUOT", "ENOSPC", "EXDEV", "EACCES", "EBUSY", "ESTALE", "EIO"],
        End::Stops(&[1], "renaming "),
    ),
    ("write", &["EDQUOT", "ENOSPC", "EFBIG"], End::Stops(&[1], "writing ")),
    ("fsync-file", &["EDQUOT", "ENOSPC", "EIO"], End::Stops(&[1], "syncing ")),
    ("fsync-folder", &["EIO"], End::Stops(&[1], "syncing the folder ")),
    // What cannot be looked at may be a page, which is written again.
    ("statx", &["EACCES", "EIO", "ESTALE"], End::Stops(&[0, 1], "")),
];

/// Failures in a test, which must show its figures all the same.
const IN_A_TEST: [(&str, &[&str]); 4] = [
    ("flock", &["ENOLCK", "ENOSYS", "EOPNOTSUPP", "EIO"]),
    ("fsync-folder", &["EINVAL", "ENOTSUP", "ENOSYS", "EIO"]),
    ("rename", &["EDQUOT", "EACCES"]),
    ("write", &["ENOSPC", "EIO"]),
];

/// Tries all error numbers; in a short run, each that comes later at one place instead of three.
pub(super) fn run(lab: &CrashLab, source: &Path, is_short: bool) -> Result<String> {
    if !cfg!(target_os = "linux") {
        return Ok("not run: LD_PRELOAD as it is used here needs Linux".to_owned());
    }
    let trial = Trial { lab, shim: Shim::compile(lab, source)?, expected: lab.whole("shims-whole", EPOCHS)? };
    let mut trainings = 0;
    for (call, errors, end) in &FROM_THE_BEGINNING {
        for error in *errors {
            trial.train(&Failure { call, error, from: 1 }, end)?;
            trainings += 1;
        }
    }
    for (call, errors, end) in &LATER {
        let calls = trial.calls(call)?;
        ensure!(calls > 2, "the program calls {call} {calls} times");
        let places = [2, calls / 2, calls - 1];
        for (i, error) in errors.iter().enumerate() {
            for from in if is_short { &places[i % 3..=i % 3] } else { &places[..] } {
                trial.train(&Failure { call, error, from: *from }, end)?;
                trainings += 1;
            }
        }
    }
    let mut tests = 0;
    for (call, errors) in IN_A_TEST {
        for error in errors {
            trial.test(&Failure { call, error, from: 1 })?;
            tests += 1;
        }
    }
    trial.killed_without_locks()?;
    let statfs = if trial.calls("statfs")? == 0 { "statfs is never called" } else { "statfs is called" };
    Ok(format!(
        "{trainings} trainings: exit codes as documented, 0 lost checkpoints, 0 leftovers, all ended in the same bits; {tests} tests: all showed their figures; {statfs}"
    ))
}

/// A call that fails with an error number, from one of its calls on.
struct Failure<'a> {
    call: &'a str,
    error: &'a str,
    from: usize,
}

struct Shim {
    library: PathBuf,
    /// The file in which the library notes each call.
    log: PathBuf,
}

impl Shim {
    fn compile(lab: &CrashLab, source: &Path) -> Result<Self> {
        let library = lab.place("shim.so")?;
        let compiled = Command::new("cc")
            .args(["-Wall", "-Werror", "-shared", "-fPIC", "-O1", "-o"])
            .args([&library, source])
            .arg("-ldl")
            .output()
            .context("cc could not be started")?;
        ensure!(compiled.status.success(), "{}", said(&compiled));
        Ok(Self { library, log: lab.folder.join("shim.log") })
    }

    /// Runs a command with the failure, and says how many calls there were and how many of them failed.
    fn run(&self, command: &mut Command, failure: &Failure<'_>) -> Result<(Output, usize, usize)> {
        fs::write(&self.log, "")?;
        command
            .env("LD_PRELOAD", &self.library)
            .env("SHIM_CALL", failure.call)
            .env("SHIM_ERROR", failure.error)
            .env("SHIM_FROM", failure.from.to_string())
            .env("SHIM_LOG", &self.log);
        let output = start(command)?.wait_with_output()?;
        let log = fs::read(&self.log)?;
        let failed = log.iter().filter(|sign| **sign == b'x').count();
        Ok((output, log.len(), failed))
    }
}

struct Trial<'a> {
    lab: &'a CrashLab,
    shim: Shim,
    expected: Remains,
}

impl Trial<'_> {
    /// How often an undisturbed training makes a call.
    fn calls(&self, call: &str) -> Result<usize> {
        let run = self.lab.place("shims")?;
        let never = Failure { call, error: "EIO", from: usize::MAX >> 33 };
        Ok(self.shim.run(&mut self.lab.train(&run, EPOCHS), &never)?.1)
    }

    /// Trains with the failure, and to the end without it.
    fn train(&self, failure: &Failure<'_>, end: &End) -> Result<()> {
        let run = self.lab.place("shims")?;
        let (output, _, failed) = self.shim.run(&mut self.lab.train(&run, EPOCHS), failure)?;
        let Failure { call, error, from } = failure;
        let check = || {
            let text = said(&output);
            ensure!(failed > 0 || *call == "statfs", "the program does not make this call");
            ensure!(!text.contains("a bug in this program"), "{text}");
            let (codes, words) = match end {
                End::GoesOn(words) => (&[0][..], words),
                End::Stops(codes, words) => (*codes, words),
            };
            let Some(code) = output.status.code() else { bail!("it ended with {}", output.status) };
            ensure!(codes.contains(&code), "it ended with {code}, expected {codes:?}: {text}");
            ensure!(text.matches(words).count() > 0, "expected «{words}» in: {text}");
            if let (End::GoesOn(words), false) = (end, words.is_empty()) {
                ensure!(text.matches(words).count() == 1, "said more than once: {text}");
                return remains(&run)?.check(&self.expected);
            }
            self.finish(&run)
        };
        check().with_context(|| format!("training while {call} fails with {error} from call {from} on"))
    }

    /// Resumes a run without a failure. Its newest checkpoint must be the one that it goes on from.
    fn finish(&self, run: &Path) -> Result<()> {
        let newest = newest_step(run);
        let resumed = self.lab.finish(run, EPOCHS)?;
        let from = format!("resuming after step {newest}\n");
        ensure!(newest == 0 || said(&resumed).contains(&from), "expected «{from}» in: {}", said(&resumed));
        remains(run)?.check(&self.expected)
    }

    /// Tests a finished run with the failure.
    fn test(&self, failure: &Failure<'_>) -> Result<()> {
        let run = self.lab.place("shims-tested")?;
        copy(&self.lab.folder.join("shims-whole"), &run)?;
        let (output, _, failed) = self.shim.run(&mut self.lab.test(&run), failure)?;
        let Failure { call, error, .. } = failure;
        let check = || {
            ensure!(failed > 0, "the program does not make this call");
            ensure!(!said(&output).contains("a bug in this program"), "{}", said(&output));
            let figures = String::from_utf8_lossy(&output.stdout);
            ensure!(output.status.success(), "it ended with {}: {}", output.status, said(&output));
            ensure!(figures.contains(FIGURES), "it showed no figures: {}", said(&output));
            ensure!(partial_files(&run)?.is_empty(), "a partial file is left over");
            Ok(())
        };
        check().with_context(|| format!("testing while {call} fails with {error}"))
    }

    /// Kills a process that is writing a file where there are no locks. The partial file may be that of a living
    /// process, so it stays for a while, and then it goes.
    fn killed_without_locks(&self) -> Result<()> {
        let no_locks = Failure { call: "flock", error: "ENOLCK", from: 1 };
        let mut operations = 1..50;
        let run = loop {
            let number = operations.next().context("no process left a partial file")?;
            let run = self.lab.place("shims")?;
            let train = self.lab.train(&run, EPOCHS);
            self.shim.run(&mut self.lab.with_fault(&train, &format!("kill:{number}")), &no_locks)?;
            if !partial_files(&run)?.is_empty() {
                break run;
            }
        };
        self.shim.run(&mut self.lab.next(&run, EPOCHS), &no_locks)?;
        let left = partial_files(&run)?;
        ensure!(left.len() == 1, "without locks, a young partial file must stay: {left:?}");
        File::options().write(true).open(&left[0])?.set_modified(SystemTime::now() - AGE)?;
        self.shim.run(&mut self.lab.next(&run, EPOCHS), &no_locks)?;
        remains(&run)?.check(&self.expected).context("after a kill without locks")
    }
}

fn partial_files(run: &Path) -> Result<Vec<PathBuf>> {
    if !run.exists() {
        return Ok(Vec::new());
    }
    let mut files = entries(run)?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "partial"));
    Ok(files)
}
