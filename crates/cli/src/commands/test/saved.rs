//! The files of a test: which were written, and which could not be.
//!
//! A test is done when its figures are printed. So a result that cannot be saved in the run's folder is a
//! warning; it is an error only in a folder that the user named for the results.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use learner::run::find::RunOrSeeds;
use learner::run::{RunDirError, Unwritten};

use crate::args::TestArgs;
use crate::exit::{note, usage};
use crate::paths::{command, quoted, short};

/// Refuses `--output` if it names a run, whose own results would be replaced.
pub(super) fn check_output(args: &TestArgs) -> anyhow::Result<()> {
    match args.output.as_deref().map(|folder| (folder, RunOrSeeds::open(folder))) {
        None | Some((_, Err(RunDirError::NoRun(_) | RunDirError::Blocked(_)))) => Ok(()),
        Some((folder, _)) => Err(usage(format!(
            "--output {}: found a run there, whose own results would be replaced; expected another folder",
            short(folder)
        ))),
    }
}

/// What the tests of one process have written.
#[derive(Debug, Default)]
pub(super) struct Saved {
    results: Vec<PathBuf>,
    page: Option<PathBuf>,
    failures: Vec<Unwritten>,
    uncounted: Vec<Unwritten>,
}

impl Saved {
    /// Adds a file of results.
    pub(super) fn add(&mut self, written: Result<PathBuf, Unwritten>) {
        match written {
            Ok(path) => self.results.push(path),
            Err(error) => self.failures.push(error),
        }
    }

    /// Adds the page that is named to the user.
    pub(super) fn add_page(&mut self, written: Result<PathBuf, Unwritten>) {
        match written {
            Ok(path) => self.page = Some(path),
            Err(error) => self.failures.push(error),
        }
    }

    /// Adds the files of one of several runs. They are not named to the user unless they cannot be written.
    pub(super) fn add_own(&mut self, own: Self) {
        self.failures.extend(own.failures);
        self.uncounted.extend(own.uncounted);
    }

    /// Adds the log of the run's tests if the test could not be counted there.
    pub(super) fn add_uncounted(&mut self, uncounted: Option<Unwritten>) {
        self.uncounted.extend(uncounted);
    }

    /// The lines that name the written files; `others` is added to the first line.
    pub(super) fn lines(&self, others: &str) -> String {
        let mut text = String::new();
        // The most important file was written last. Writing to a string cannot fail.
        for (i, path) in self.results.iter().rev().enumerate() {
            let _ = match i {
                0 => writeln!(text, "Written: {}{others}", short(path)),
                _ => writeln!(text, "         {}", short(path)),
            };
        }
        if let Some(page) = &self.page {
            let _ = writeln!(text, "Report:  {}", short(page));
        }
        if text.is_empty() { text } else { format!("\n{text}") }
    }

    /// Names the files that could not be written. `tested` is the run or the folder that was tested.
    ///
    /// # Errors
    /// If they belong into the folder that `--output` names.
    pub(super) fn finish(self, args: &TestArgs, tested: &Path) -> anyhow::Result<()> {
        for uncounted in self.uncounted {
            note(&format!("warning: this test is not counted: {}", text(uncounted)));
        }
        let mut failures = self.failures.into_iter();
        if args.output.is_some()
            && let Some(first) = failures.next()
        {
            for failure in failures {
                note(&format!("warning: {}", text(failure)));
            }
            return Err(first.into());
        }
        let mut is_complete = true;
        for failure in failures {
            note(&format!("warning: {}", text(failure)));
            is_complete = false;
        }
        if !is_complete && args.compare.is_none() {
            let elsewhere = command(&format!("test -p {} --output DIR", quoted(tested)));
            note(&format!("  to keep the results in another folder: {elsewhere}"));
        }
        Ok(())
    }
}

/// An error with its causes.
fn text(error: Unwritten) -> String {
    format!("{:#}", anyhow::Error::from(error))
}
