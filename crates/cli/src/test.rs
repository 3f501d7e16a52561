//! `test`: the lecture's third assignment.

use std::fmt::Write;
use std::path::Path;

use learner::evaluate::{Predictions, argmax};
use learner::run_dir::{RunDir, RunDirError};
use learner::seeds::{self, Found};
use report::EvaluationFile;

use crate::args::TestArgs;
use crate::exit::{note, print};
use crate::page;
use crate::paths::{runs_dir, short};
use crate::test_table;
use crate::tester::{Questions, Tester, WORST};
use crate::{test_compare, test_seeds};

pub(crate) fn run(args: &TestArgs) -> anyhow::Result<()> {
    if let Some(pair) = &args.compare {
        return test_compare::run(args, pair);
    }
    let run = match find(args.run_dir.as_deref(), "testing")? {
        Found::Run(run) => run,
        Found::Seeds(folder) => return test_seeds::run(args, &folder),
    };
    let mut tester = Tester::new(&args.backend, &args.data_dir)?;
    let tested = tester.test(&run, questions(args))?;
    if let Some(path) = &args.logits {
        write_logits(path, &tested.predictions)?;
    }
    let text = if args.json {
        serde_json::to_string_pretty(&tested.report)? + "\n"
    } else {
        test_table::render(&tested, tester.hardware(), args.worst)
    };
    // Who reads only the first lines (`| head`) gets the page all the same.
    let printed = print(&text);
    let pictures = tester.pictures(tested.dataset)?.subset().clone();
    page::write(&run, |file| Ok(matches!(file, EvaluationFile::Test(_)).then_some(pictures)))?;
    printed?;
    if args.json {
        return Ok(());
    }
    let files = [run.test_file(), run.predictions(), run.page()];
    let [test, predictions, page] = files.map(|file| short(&file));
    print(&format!("\nWritten: {test}\n         {predictions}\nReport:  {page}\n"))
}

pub(crate) fn questions(args: &TestArgs) -> Questions {
    Questions { worst: args.worst.map_or(WORST, |worst| worst as usize), corruptions: args.corruptions }
}

/// What was named, or the latest with a model; `doing` says what is done with it.
pub(crate) fn find(named: Option<&Path>, doing: &str) -> anyhow::Result<Found> {
    if let Some(path) = named {
        return Ok(Found::open(path)?);
    }
    let runs = runs_dir();
    let found = seeds::latest(&runs, true)?.ok_or(RunDirError::NoModel(runs))?;
    note(&format!("{doing} the latest run, {}", short(found.path())));
    Ok(found)
}

/// The same, where one run is wanted: a folder of several is an error that names them.
pub(crate) fn find_run(named: Option<&Path>, doing: &str) -> anyhow::Result<RunDir> {
    match find(named, doing)? {
        Found::Run(run) => Ok(run),
        Found::Seeds(folder) => Ok(RunDir::open(folder.path())?),
    }
}

/// A line a picture, its logits to the last digit: for comparing backends.
fn write_logits(path: &Path, predictions: &Predictions) -> anyhow::Result<()> {
    let mut csv = String::from("index,label,prediction");
    // Writing to a string cannot fail.
    for class in 0..predictions.classes() {
        let _ = write!(csv, ",logit_{class}");
    }
    csv.push('\n');
    for (index, (label, logits)) in predictions.rows().enumerate() {
        let _ = write!(csv, "{index},{label},{}", argmax(logits));
        for logit in logits {
            let _ = write!(csv, ",{logit}");
        }
        csv.push('\n');
    }
    std::fs::write(path, csv).map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))
}
