//! Checks that this program behaves as an earlier one: same bits, same files, same flags, same exit codes.
//!
//! Both programs get the same command lines in folders of their own, on the built-in sample. Everything that
//! another program could read afterwards is compared. Texts for people are not: tables, pages, error
//! messages.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};

use crate::command::{build_program, say};
use crate::earlier;

mod case;
mod differences;
mod evaluation;
mod event_file;
mod failing;
mod footprint;
mod help;
mod masked;
mod tensors;
mod training;

use case::Case;
use footprint::footprint;

/// At most this many differences of a case are printed; the rest is counted.
const MOST_PRINTED: usize = 12;

/// All cases, the quick ones of training first.
fn cases() -> impl Iterator<Item = &'static Case> {
    [training::CASES, evaluation::CASES, failing::CASES].into_iter().flatten()
}

/// What is compared with what.
#[derive(Debug, clap::Args)]
pub(crate) struct SameAsArgs {
    /// The program before: its path, or a git revision, which is checked out and built below `target`.
    #[arg(long, value_name = "PROGRAM_OR_REVISION")]
    before: String,
    /// The program now, likewise [default: build this workspace's].
    #[arg(long, value_name = "PROGRAM_OR_REVISION")]
    now: Option<String>,
    /// Flags of cargo for what is built, as in --flags="--no-default-features --features flex".
    #[arg(long, value_name = "FLAGS", default_value = "", allow_hyphen_values = true)]
    flags: String,
    /// Only the cases whose names contain this.
    #[arg(long, value_name = "TEXT", default_value = "")]
    only: String,
}

pub(crate) fn run(root: &Path, args: &SameAsArgs) -> Result<()> {
    // This comes before today's program is built, because both builds write the same file.
    let before = earlier::program(root, &args.before, &args.flags)?;
    let now = match &args.now {
        Some(named) => earlier::program(root, named, &args.flags)?,
        None => PathBuf::from(build_program(root, &args.flags)?),
    };
    // The folder is outside the workspace, because inside it the program would use the workspace's data and
    // runs.
    let folder = std::env::temp_dir().join(format!("mnist-cnn-same-as-{}", std::process::id()));
    let found = compare_all(&before, &now, &folder, &args.only)?;
    let (cases, different) = (found.len(), found.iter().filter(|(_, differences)| **differences > 0).count());
    ensure!(cases > 0, "no case's name contains {:?}", args.only);
    if different > 0 {
        bail!("{different} of {cases} cases differ; what both programs left is in {}", folder.display());
    }
    fs::remove_dir_all(&folder)?;
    say(&format!("{cases} cases, no differences"));
    Ok(())
}

/// Runs all cases, and counts the differences of each.
fn compare_all(
    before: &Path,
    now: &Path,
    folder: &Path,
    only: &str,
) -> Result<BTreeMap<&'static str, usize>> {
    let mut found = BTreeMap::new();
    let mut finish = |name: &'static str, differences: Vec<String>, began: Instant| {
        let seconds = began.elapsed().as_secs_f64();
        let verdict = match differences.len() {
            0 => "same".to_owned(),
            1 => "1 DIFFERENCE".to_owned(),
            count => format!("{count} DIFFERENCES"),
        };
        say(&format!("{name:<36} {verdict:<16} {seconds:5.1} s"));
        for difference in differences.iter().take(MOST_PRINTED) {
            say(&format!("    {difference}"));
        }
        if differences.len() > MOST_PRINTED {
            say(&format!("    and {} more", differences.len() - MOST_PRINTED));
        }
        found.insert(name, differences.len());
    };
    if help::CASE.contains(only) {
        let began = Instant::now();
        finish(help::CASE, help::differences(before, now)?, began);
    }
    for case in cases().filter(|case| case.name.contains(only)) {
        let began = Instant::now();
        let [before, now] = [("before", before), ("now", now)].map(|(side, program)| {
            footprint(case, program, &folder.join(side).join(case.name))
                .with_context(|| format!("{}, {side}", case.name))
        });
        let (before, now) = (before?, now?);
        before.check(case).with_context(|| case.name)?;
        finish(case.name, differences::differences(&before, &now), began);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_folders_of_their_own() {
        let names: BTreeSet<&str> = cases().map(|case| case.name).collect();
        assert!(!names.contains(help::CASE));
        assert_eq!(names.len(), cases().count());
        assert!(names.iter().all(|name| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')));
    }
}
