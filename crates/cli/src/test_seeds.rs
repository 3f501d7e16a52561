//! `test` on a folder of several seeds: each run, their spread, and the ensemble.

use std::fmt::Write;

use anyhow::bail;
use dataset::Name;
use learner::metrics::evaluate;
use learner::probabilities::Probabilities;
use learner::run_dir::{RunDir, now};
use learner::seeds::SeedsDir;
use learner::spread;
use report::EvaluationFile;
use run_files::{Evaluation, SeedTest, SeedsTestFile, Spread};

use crate::args::TestArgs;
use crate::exit::{note, print, usage};
use crate::page;
use crate::paths::{command, quoted, short};
use crate::test::questions;
use crate::test_table::{decimal, interval, percent};
use crate::tester::{Tested, Tester};

pub(crate) fn run(args: &TestArgs, folder: &SeedsDir) -> anyhow::Result<()> {
    if args.logits.is_some() {
        return Err(usage(format!("--logits is of one run, and {} holds several", short(folder.path()))));
    }
    let runs = with_model(folder)?;
    let mut tester = Tester::new(&args.backend, &args.data_dir)?;
    let mut all: Vec<Tested> = Vec::new();
    for run in &runs {
        note(&format!("testing {}", short(run.path())));
        all.push(tester.test(run, questions(args))?);
        let name = run.config()?.data().dataset;
        let pictures = tester.pictures(name)?.subset().clone();
        page::write(run, |file| Ok(matches!(file, EvaluationFile::Test(_)).then_some(pictures)))?;
    }
    let (dataset, report) = judge(folder, &runs, &all)?;
    let written = folder.write_test(&report)?;
    let pictures = tester.pictures(dataset)?.subset().clone();
    let shown = runs.iter().map(|run| {
        page::gather(run, |file| Ok(matches!(file, EvaluationFile::Test(_)).then(|| pictures.clone())))
    });
    page::write_several(&shown.collect::<anyhow::Result<Vec<_>>>()?, &folder.page())?;
    if args.json {
        return print(&(serde_json::to_string_pretty(&report)? + "\n"));
    }
    print(&render(&report, dataset, tester.hardware()))?;
    print(&format!(
        "\nWritten: {}, and each run's own test.json\nReport:  {}\n",
        short(&written),
        short(&folder.page())
    ))
}

/// The folder's runs that can be tested; says how many are still to come.
fn with_model(folder: &SeedsDir) -> anyhow::Result<Vec<RunDir>> {
    let (planned, runs) = (folder.seeds().len(), folder.runs_with_model()?);
    if runs.len() < planned {
        note(&format!(
            "warning: {} of {planned} runs have a model yet; the others are missing from the mean; go on with: {}",
            runs.len(),
            command(&format!("train --resume -p {}", quoted(folder.path())))
        ));
    }
    Ok(runs)
}

fn judge(folder: &SeedsDir, runs: &[RunDir], all: &[Tested]) -> anyhow::Result<(Name, SeedsTestFile)> {
    let of_each: Vec<Probabilities> = all.iter().map(|tested| tested.probabilities.clone()).collect();
    let (Some(mean), Some(first)) = (Probabilities::mean(&of_each), all.first()) else {
        bail!("the runs in {} were tested on different pictures", short(folder.path()));
    };
    let (dataset, backend) = (first.dataset, first.report.backend.clone());
    let each = |figure: fn(&Evaluation) -> Option<f64>| {
        // A run whose figure is undefined makes the spread undefined too.
        let values: Vec<f64> =
            all.iter().map(|tested| figure(&tested.report.evaluation).unwrap_or(f64::NAN)).collect();
        spread::spread(&values)
    };
    let seed_report = |(run, tested): (&RunDir, &Tested)| -> anyhow::Result<SeedTest> {
        let report = &tested.report;
        Ok(SeedTest {
            run: report.run.clone(),
            seed: run.config()?.train().seed,
            epoch: report.epoch,
            weights_sha256: report.weights_sha256.clone(),
            times_tested: report.times_tested,
            accuracy: report.evaluation.accuracy,
            loss: report.evaluation.loss,
            ece: report.evaluation.calibration.ece,
        })
    };
    let corrupted: Option<Vec<f64>> = all
        .iter()
        .map(|tested| tested.report.corruptions.as_ref().map(|corruptions| corruptions.mean_accuracy))
        .collect();
    let report = SeedsTestFile {
        folder: short(folder.path()),
        dataset: dataset.to_string(),
        backend,
        tested: now(),
        runs: runs.iter().zip(all).map(seed_report).collect::<anyhow::Result<_>>()?,
        accuracy: each(|evaluation| evaluation.accuracy),
        loss: each(|evaluation| evaluation.loss),
        corrupted_accuracy: corrupted.map(|means| spread::spread(&means)),
        ensemble: evaluate(&mean, dataset.classes()),
    };
    Ok((dataset, report))
}

fn render(report: &SeedsTestFile, dataset: Name, hardware: &str) -> String {
    let ensemble = &report.ensemble;
    let mut text = format!(
        "{} test set, {} pictures; {} in {}; {} on {hardware}\n\n{:>6}{:>9}{:>13}{:>11}{:>12}\n",
        dataset.title(),
        ensemble.images,
        if report.runs.len() == 1 { "1 run".to_owned() } else { format!("{} runs", report.runs.len()) },
        report.folder,
        report.backend,
        "seed",
        "epoch",
        "accuracy",
        "loss",
        "ECE",
    );
    // Writing to a string cannot fail.
    for run in &report.runs {
        let (accuracy, loss, ece) = (percent(run.accuracy), decimal(run.loss), percent(run.ece));
        let _ = writeln!(text, "{:>6}{:>9}{accuracy:>13}{loss:>11}{ece:>12}", run.seed, run.epoch);
    }
    text.push('\n');
    write_spread(&mut text, "accuracy", &report.accuracy);
    if let Some(corrupted) = &report.corrupted_accuracy {
        write_spread(&mut text, "mean accuracy on corrupted pictures", corrupted);
    }
    let _ = writeln!(
        text,
        "their ensemble (mean of the probabilities):\n    {}{}, loss {}, ECE {}",
        percent(ensemble.accuracy),
        interval(ensemble),
        decimal(ensemble.loss),
        percent(ensemble.calibration.ece)
    );
    // Each look at the test set makes the next one worth less.
    let most = report.runs.iter().map(|run| run.times_tested).max().unwrap_or(0);
    if most > 1 {
        let _ = writeln!(
            text,
            "tested up to {most} times by now: what is chosen by this is no longer tested by it"
        );
    }
    text
}

fn write_spread(text: &mut String, of: &str, spread: &Spread) {
    let Spread { n, mean, standard_deviation, standard_error } = *spread;
    let points =
        |value: Option<f64>| value.map_or("undefined".into(), |value| format!("{:.3}", 100.0 * value));
    let runs = if n == 1 { "run" } else { "runs" };
    let _ = writeln!(
        text,
        "{of}, {n} {runs}: mean {} %, standard deviation {}, standard error {}",
        points(mean),
        points(standard_deviation),
        points(standard_error)
    );
}
