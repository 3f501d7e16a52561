//! Ends the program: prints results into pipes that may be closed, explains errors, and gives exit codes.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::io::{self, Write};
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use anyhow::Context;
use dataset::DescriptionError;
use learner::checks::memory::{DataTooLarge, TooLarge};
use learner::config::ConfigError;
use learner::run::RunDirError;
use learner::run::evaluating::UnfitData;
use learner::run::store::checkpoint::CheckpointError;
use learner::sweep::SweepError;
use learner::train::FitError;
use model::device::DeviceError;
use network::import::ImportError;
use network::{ModelFileError, TensorsError};
use report::ReportError;

use crate::hint;

const FAILURE: u8 = 1;
const USAGE: u8 = 2;
const DATA: u8 = 3;
const UNKNOWN_PLACE: &str = "an unknown place";

/// A signal asked the program to end, and it did so in good order. The text says how to resume.
#[derive(Debug)]
pub(crate) struct Interrupted {
    pub(crate) signal: u8,
    pub(crate) text: String,
}

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for Interrupted {}

/// The command line names something that does not exist, or combines what does not fit together.
#[derive(Debug)]
pub(crate) struct Usage(pub(crate) String);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Usage {}

/// An error that ends the program with the exit code of wrong usage.
pub(crate) fn usage(text: String) -> anyhow::Error {
    Usage(text).into()
}

/// An error that ends the program with the exit code of data: images that cannot be read. What can be read was.
#[derive(Debug)]
struct Unreadable(String);

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Unreadable {}

/// An error that ends the program with the exit code of data that cannot be read.
pub(crate) fn unreadable(text: String) -> anyhow::Error {
    Unreadable(text).into()
}

impl Interrupted {
    /// The code that a shell reports for a process that a signal ended: 130 for INT, 143 for TERM.
    fn code(&self) -> u8 {
        128 + self.signal
    }
}

/// Writes a result to standard output.
///
/// # Errors
/// If standard output cannot be written. [`guard`] treats a closed pipe (`| head`) as success.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    written.context("the result cannot be written to standard output")
}

/// Writes a line about progress to standard error. Failures are ignored, because nobody may be reading it.
pub(crate) fn note(text: &str) {
    drop(writeln!(io::stderr().lock(), "{text}"));
}

/// Runs a command and turns its end into an exit code.
pub(crate) fn guard(command: impl FnOnce() -> anyhow::Result<()>) -> ExitCode {
    let ended = caught(command);
    if let Some(fault) = learner::fault::injected() {
        note(fault);
    }
    match ended {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(error)) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Ok(Err(error)) => {
            if let Some(interrupted) = error.downcast_ref::<Interrupted>() {
                // One of several processes that end together speaks for all.
                if !interrupted.text.is_empty() {
                    note(&interrupted.text);
                }
                return ExitCode::from(interrupted.code());
            }
            note(&format!("error: {error:#}"));
            if let Some(hint) = hint::of(&error) {
                note(&format!("  {hint}"));
            }
            ExitCode::from(code(&error))
        }
        Err(panic) => {
            note(&panic);
            ExitCode::from(FAILURE)
        }
    }
}

/// Runs a command. If it panics, the error says why and where, and what to do.
fn caught(command: impl FnOnce() -> anyhow::Result<()>) -> Result<anyhow::Result<()>, String> {
    // The default hook would print a stack of Rust internals, and would not say what to do. Of several panics,
    // the first is the cause of the others.
    let place = Arc::new(OnceLock::new());
    let first = Arc::clone(&place);
    panic::set_hook(Box::new(move |panic| {
        drop(first.set(panic.location().map_or(UNKNOWN_PLACE.to_owned(), ToString::to_string)));
    }));
    let ended = panic::catch_unwind(AssertUnwindSafe(command));
    drop(panic::take_hook());
    let place = || place.get().map_or(UNKNOWN_PLACE, String::as_str);
    ended.map_err(|panic| describe_panic(panic.as_ref(), place()))
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// The exit code of the first cause that has one of its own.
fn code(error: &anyhow::Error) -> u8 {
    error.chain().find_map(code_of).unwrap_or(FAILURE)
}

fn code_of(cause: &(dyn Error + 'static)) -> Option<u8> {
    if let Some(error) = cause.downcast_ref::<ConfigError>() {
        return Some(of_config(error));
    }
    if cause.is::<DeviceError>()
        || cause.is::<Usage>()
        || cause.is::<UnfitData>()
        || cause.is::<TooLarge>()
        || cause.is::<SweepError>()
        || cause.is::<DataTooLarge>()
    {
        return Some(USAGE);
    }
    if let Some(ReportError::File { .. }) = cause.downcast_ref() {
        return Some(DATA);
    }
    if let Some(error) = cause.downcast_ref::<CheckpointError>() {
        return of_checkpoint(error);
    }
    if let Some(error) = cause.downcast_ref::<dataset::Error>() {
        // A name that no data set has is a mistake on the command line.
        let is_unknown = matches!(error.of_description(), Some(DescriptionError::Unknown(_)));
        let is_usage = matches!(error, dataset::Error::Import(error) if error.is_usage());
        return Some(if is_unknown || is_usage { USAGE } else { DATA });
    }
    if let Some(ImportError::Square { .. }) = cause.downcast_ref() {
        return Some(USAGE);
    }
    if cause.is::<TensorsError>()
        || cause.is::<ImportError>()
        || cause.is::<Unreadable>()
        || cause.is::<ModelFileError>()
    {
        return Some(DATA);
    }
    // `FitError::Tensors` shows its cause's text as its own, and so leaves the cause out of the chain.
    if let Some(FitError::State { .. } | FitError::Tensors(_)) = cause.downcast_ref() {
        return Some(DATA);
    }
    match hint::run_dir_error(cause)? {
        RunDirError::Exists { .. }
        | RunDirError::Blocked(_)
        | RunDirError::Locked(_)
        | RunDirError::Several { .. }
        | RunDirError::Imported(_)
        | RunDirError::Sweep(_)
        | RunDirError::OtherNumerics { .. } => Some(USAGE),
        RunDirError::Config(error) => Some(of_config(error)),
        RunDirError::NoRun(_)
        | RunDirError::NoSweep(_)
        | RunDirError::NoRuns(_)
        | RunDirError::NoModel(_)
        | RunDirError::OtherData { .. }
        | RunDirError::Newer { .. }
        | RunDirError::Damaged { .. } => Some(DATA),
        RunDirError::Checkpoint(error) => of_checkpoint(error),
        RunDirError::Io { .. } | RunDirError::Write(_) => None,
    }
}

/// A description of a data set that cannot be read is a fault of the data, and all else one of the configuration.
fn of_config(error: &ConfigError) -> u8 {
    if matches!(error, ConfigError::Data { is_unknown: false, .. }) { DATA } else { USAGE }
}

/// A checkpoint that cannot be read is a fault of the machine, and the data may be good.
fn of_checkpoint(error: &CheckpointError) -> Option<u8> {
    (!error.is_unreadable()).then_some(DATA)
}

fn describe_panic(panic: &(dyn Any + Send), place: &str) -> String {
    let reason = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no reason was given");
    format!(
        "error: a bug in this program, or a device that failed: {reason}\n  at {place}, in version {}\n\
         Please report these lines, with the command line.",
        env!("CARGO_PKG_VERSION")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_described_with_its_place_and_the_version() {
        let text = caught(|| panic!("the reason")).unwrap_err();
        let place = format!("{}:", file!());
        for words in ["a bug in this program", "the reason", place.as_str(), env!("CARGO_PKG_VERSION")] {
            assert!(text.contains(words), "{words}: {text}");
        }
        assert!(caught(|| Ok(())).is_ok_and(|ended| ended.is_ok()));
    }
}
