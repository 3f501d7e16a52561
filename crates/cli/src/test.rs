//! `test`: the lecture's third assignment.

use std::fmt::Write;
use std::path::Path;

use anyhow::Context;
use burn::tensor::Device;
use dataset::Name;
use indicatif::ProgressBar;
use learner::evaluate::{Predictions, argmax, predict};
use learner::metrics::Evaluation;
use learner::run_dir::{RunDir, RunDirError, now};
use model::Cnn;
use model::device::{self, Backend};
use serde::Serialize;

use crate::args::TestArgs;
use crate::data;
use crate::evaluation_table;
use crate::exit::{note, print};
use crate::paths::{runs_dir, short};

/// `test.json`.
#[derive(Serialize)]
pub(crate) struct TestReport {
    pub(crate) run: String,
    /// Of the best model on validation, which is the one tested.
    pub(crate) epoch: usize,
    pub(crate) weights_sha256: String,
    pub(crate) dataset: Name,
    pub(crate) data_sha256: Vec<(String, String)>,
    pub(crate) backend: Backend,
    pub(crate) tested: String,
    pub(crate) evaluation: Evaluation,
}

pub(crate) fn run(args: &TestArgs) -> anyhow::Result<()> {
    let run = find_run(args)?;
    let config = run.config()?;
    let name = config.data().dataset;
    let (best, checkpoint) = run.best_model()?;
    let opened = device::open(args.backend.wish())?;
    if let Some(notice) = &opened.notice {
        note(&format!("note: {notice}"));
    }
    let model = Cnn::new(config.architecture(), &best.weights, &opened.device)
        .with_context(|| format!("the model in {} cannot be used", short(&checkpoint)))?;
    let pictures = data::test_set(name, &crate::paths::data_dir(&args.data_dir))?;
    let predictions = answers(&model, &pictures, &opened.device);
    if let Some(path) = &args.predictions {
        write_predictions(path, &predictions)?;
    }
    let report = TestReport {
        run: short(run.path()),
        epoch: best.position.epoch,
        weights_sha256: best.weights.sha256()?,
        dataset: name,
        data_sha256: data::checksums(name),
        backend: opened.backend,
        tested: now(),
        evaluation: Evaluation::new(&predictions, name.classes()),
    };
    let written = run.write_test(&report)?;
    if args.json {
        return print(&(serde_json::to_string_pretty(&report)? + "\n"));
    }
    print(&evaluation_table::render(&report, &opened.hardware))?;
    print(&format!("\nWritten to {}\n", short(&written)))
}

fn find_run(args: &TestArgs) -> anyhow::Result<RunDir> {
    if let Some(path) = &args.run_dir {
        return Ok(RunDir::open(path)?);
    }
    let runs = runs_dir();
    let run = RunDir::latest(&runs, true)?.ok_or(RunDirError::NoModel(runs))?;
    note(&format!("testing the latest run, {}", short(run.path())));
    Ok(run)
}

fn answers(model: &Cnn, pictures: &dataset::TestSet, device: &Device) -> Predictions {
    let bar = ProgressBar::new(pictures.subset().len() as u64);
    let predictions = predict(model, pictures.subset(), device, &mut |done| bar.set_position(done as u64));
    bar.finish_and_clear();
    predictions
}

fn write_predictions(path: &Path, predictions: &Predictions) -> anyhow::Result<()> {
    let mut csv = String::from("index,label,prediction");
    for class in 0..predictions.classes() {
        write!(csv, ",logit_{class}")?;
    }
    csv.push('\n');
    for (index, (label, logits)) in predictions.rows().enumerate() {
        write!(csv, "{index},{label},{}", argmax(logits))?;
        for logit in logits {
            write!(csv, ",{logit}")?;
        }
        csv.push('\n');
    }
    std::fs::write(path, csv).map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))
}
