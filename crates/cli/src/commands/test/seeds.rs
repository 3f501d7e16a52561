//! `test` on a folder of several seeds: tests each run, and reports their spread and their ensemble.

use std::fmt::Write;

use anyhow::bail;
use dataset::{Name, Split};
use learner::eval::evaluation::evaluate;
use learner::eval::probabilities::Probabilities;
use learner::eval::spread::spread;
use learner::run::evaluating::TestedRun;
use learner::run::{BestModel, RunDir, SeedsDir, now};
use run_files::{Evaluation, SeedTest, SeedsTestFile, Spread, names};

use crate::args::TestArgs;
use crate::commands::page;
use crate::commands::test::session::TestSession;
use crate::exit::{note, print, usage};
use crate::paths::{command, quoted, short};
use crate::ui::numbers::{decimal, interval, percent};

pub(super) fn run(args: &TestArgs, folder: &SeedsDir) -> anyhow::Result<()> {
    if args.logits.is_some() {
        return Err(usage(format!(
            "--logits needs a single run, but {} holds several",
            short(folder.path())
        )));
    }
    let runs = with_model(folder)?;
    let mut session = TestSession::new(args)?;
    let mut all: Vec<TestedRun> = Vec::new();
    for (run, best) in &runs {
        note(&format!("testing {}", short(run.path())));
        all.push(session.test(run, best)?);
        session.write_page(run, best)?;
    }
    let Some((first, _)) = runs.first() else { bail!("{} holds no runs", short(folder.path())) };
    let dataset = first.config()?.data().dataset;
    let file = summarise(folder, dataset, &runs, &all)?;
    let written = folder.write_test(&file)?;
    let images = session.images(dataset)?;
    let images = page::only(Split::Test, &images);
    let shown = runs.iter().map(|(run, best)| page::gather(run, best, &images));
    let html = page::html(&shown.collect::<anyhow::Result<Vec<_>>>()?)?;
    folder.write(names::PAGE, html.as_bytes())?;
    if args.json {
        return print(&(serde_json::to_string_pretty(&file)? + "\n"));
    }
    print(&render(&file, dataset, session.hardware()))?;
    print(&format!(
        "\nWritten: {}, and each run's own test.json\nReport:  {}\n",
        short(&written),
        short(&folder.file(names::PAGE))
    ))
}

/// The folder's runs that have a model. Warns if some have none yet.
fn with_model(folder: &SeedsDir) -> anyhow::Result<Vec<(RunDir, BestModel)>> {
    let (planned, runs) = (folder.seeds().len(), folder.runs_with_model()?);
    if runs.len() < planned {
        note(&format!(
            "warning: only {} of {planned} runs have a model so far; the others are missing from the mean\n  resume with: {}",
            runs.len(),
            command(&format!("train --resume -p {}", quoted(folder.path())))
        ));
    }
    Ok(runs)
}

/// The content of `test.json`: the runs side by side, their spread, and their ensemble.
fn summarise(
    folder: &SeedsDir,
    dataset: Name,
    runs: &[(RunDir, BestModel)],
    all: &[TestedRun],
) -> anyhow::Result<SeedsTestFile> {
    let of_each: Vec<Probabilities> = all.iter().map(|tested| tested.probabilities.clone()).collect();
    let (Some(mean), Some(first)) = (Probabilities::mean(&of_each), all.first()) else {
        bail!("the runs in {} were tested on different images", short(folder.path()));
    };
    let each = |metric: fn(&Evaluation) -> Option<f64>| {
        // A run whose metric is undefined makes the spread undefined too.
        let values: Vec<f64> =
            all.iter().map(|tested| metric(&tested.file.evaluation).unwrap_or(f64::NAN)).collect();
        spread(&values)
    };
    let corrupted: Option<Vec<f64>> = all
        .iter()
        .map(|tested| tested.file.corruptions.as_ref().map(|corruptions| corruptions.mean_accuracy))
        .collect();
    Ok(SeedsTestFile {
        folder: short(folder.path()),
        dataset: dataset.to_string(),
        backend: first.file.backend.clone(),
        tested: now(),
        runs: runs.iter().zip(all).map(seed_test).collect::<anyhow::Result<_>>()?,
        accuracy: each(|evaluation| evaluation.accuracy),
        loss: each(|evaluation| evaluation.loss),
        corrupted_accuracy: corrupted.map(|means| spread(&means)),
        ensemble: evaluate(&mean, dataset.classes()),
    })
}

fn seed_test(((run, _), tested): (&(RunDir, BestModel), &TestedRun)) -> anyhow::Result<SeedTest> {
    let file = &tested.file;
    Ok(SeedTest {
        run: file.run.clone(),
        seed: run.config()?.train().seed,
        epoch: file.epoch,
        weights_sha256: file.weights_sha256.clone(),
        times_tested: file.times_tested,
        accuracy: file.evaluation.accuracy,
        loss: file.evaluation.loss,
        ece: file.evaluation.calibration.ece,
    })
}

fn render(file: &SeedsTestFile, dataset: Name, hardware: &str) -> String {
    let ensemble = &file.ensemble;
    let mut text = format!(
        "{} test set, {} images; {} in {}; {} on {hardware}\n\n{:>6}{:>9}{:>13}{:>11}{:>12}\n",
        dataset.title(),
        ensemble.images,
        if file.runs.len() == 1 { "1 run".to_owned() } else { format!("{} runs", file.runs.len()) },
        file.folder,
        file.backend,
        "seed",
        "epoch",
        "accuracy",
        "loss",
        "ECE",
    );
    // Writing to a string cannot fail.
    for run in &file.runs {
        let (accuracy, loss, ece) = (percent(run.accuracy), decimal(run.loss), percent(run.ece));
        let _ = writeln!(text, "{:>6}{:>9}{accuracy:>13}{loss:>11}{ece:>12}", run.seed, run.epoch);
    }
    text.push('\n');
    spread_line(&mut text, "accuracy", &file.accuracy);
    if let Some(corrupted) = &file.corrupted_accuracy {
        spread_line(&mut text, "mean accuracy on corrupted images", corrupted);
    }
    let _ = writeln!(
        text,
        "their ensemble (mean of the probabilities):\n    {}{}, loss {}, ECE {}",
        percent(ensemble.accuracy),
        interval(ensemble),
        decimal(ensemble.loss),
        percent(ensemble.calibration.ece)
    );
    // Choosing a model by its test result makes that result too good, so repeated tests are pointed out.
    let most = file.runs.iter().map(|run| run.times_tested).max().unwrap_or(0);
    if most > 1 {
        let _ = writeln!(
            text,
            "tested up to {most} times by now: a model chosen by this result is not tested by it"
        );
    }
    text
}

fn spread_line(text: &mut String, of: &str, spread: &Spread) {
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
