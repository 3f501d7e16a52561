//! `test` on a folder of several seeds: tests each run, and reports their spread and their ensemble.

use anyhow::bail;
use learner::eval::evaluation::evaluate;
use learner::eval::probabilities::Probabilities;
use learner::eval::spread::spread;
use learner::run::evaluating::TestedRun;
use learner::run::{
    BestModel, MissingRun, RunDir, SeedModels, SeedsDir, now, write_json_result, write_result,
};
use run_files::{Evaluation, MissingSeed, SeedTest, SeedsTestFile, TestFile, names};

use crate::args::TestArgs;
use crate::commands::page;
use crate::commands::test::saved::Saved;
use crate::commands::test::seeds_table as table;
use crate::commands::test::session::{TestData, TestSession};
use crate::exit::{note, print, usage};
use crate::open::find::{self, DamagedSeeds};
use crate::paths::{command, quoted, short};

pub(super) fn run(args: &TestArgs, folder: &SeedsDir) -> anyhow::Result<()> {
    if args.logits.is_some() {
        return Err(usage(format!(
            "--logits needs a single run, but {} holds several",
            short(folder.path())
        )));
    }
    let SeedModels { runs, missing } = folder.models()?;
    let Some((first, _)) = runs.first() else { bail!("{} holds no runs", short(folder.path())) };
    let data = TestData::of(args, first)?;
    warn_of_unfinished(folder, &missing);
    let mut session = TestSession::new(args)?;
    // Without the images no run can be tested, so they are loaded before the runs are tried one by one.
    session.images(first)?;
    let (mut all, mut missing) = (Vec::new(), Missing::new(missing));
    for (run, best) in runs {
        note(&format!("testing {}", short(run.path())));
        match session.test(&run, &best) {
            Ok(tested) => all.push(Tested { run, best, tested }),
            Err(error) => missing.add(run.config()?.train().seed, error),
        }
    }
    if all.is_empty() {
        return find::left_out(folder, missing.damaged);
    }
    let file = summarise(folder, &data, &all, &missing)?;
    let text = if args.json {
        serde_json::to_string_pretty(&file)? + "\n"
    } else {
        table::render(&file, &data.description.title, session.hardware())
    };
    // As in `test` of one run, the files are written when the figures are printed, or when that has failed.
    let printed = print(&text);
    let mut saved = Saved::default();
    let pages = save(args, folder, &mut session, all, &file, &mut saved);
    let named = match &printed {
        Ok(()) if !args.json => print(&saved.lines(", and each run's own test.json")),
        _ => Ok(()),
    };
    let saved = saved.finish(args, folder.path());
    saved.and(pages).and(find::left_out(folder, missing.damaged)).and(printed).and(named)
}

/// A run that was tested.
struct Tested {
    run: RunDir,
    best: BestModel,
    tested: TestedRun,
}

/// The seeds that were not tested.
struct Missing {
    seeds: Vec<MissingSeed>,
    damaged: DamagedSeeds,
}

impl Missing {
    fn new(runs: Vec<MissingRun>) -> Self {
        let mut missing = Self { seeds: Vec::new(), damaged: Vec::new() };
        for run in runs {
            if run.is_unfinished() {
                missing.seeds.push(MissingSeed { seed: run.seed, reason: run.error.to_string() });
            } else {
                missing.add(run.seed, run.error.into());
            }
        }
        missing
    }

    fn add(&mut self, seed: u64, error: anyhow::Error) {
        self.seeds.push(MissingSeed { seed, reason: format!("{error:#}") });
        self.damaged.push((seed, error));
    }
}

/// Warns if some runs have no model yet.
fn warn_of_unfinished(folder: &SeedsDir, missing: &[MissingRun]) {
    let planned = folder.seeds().len();
    let unfinished = missing.iter().filter(|run| run.is_unfinished()).count();
    if unfinished > 0 {
        note(&format!(
            "warning: only {} of {planned} runs have a model so far; the others are missing from the mean\n  resume with: {}",
            planned - unfinished,
            command(&format!("train --resume -p {}", quoted(folder.path())))
        ));
    }
}

/// Writes the files of the folder and of each run, below the folder that the arguments name or else in place.
///
/// # Errors
/// If a run's files cannot be used for its page. A file that cannot be written is added to `saved`.
fn save(
    args: &TestArgs,
    folder: &SeedsDir,
    session: &mut TestSession<'_>,
    all: Vec<Tested>,
    file: &SeedsTestFile,
    saved: &mut Saved,
) -> anyhow::Result<()> {
    let place = args.output.as_deref().unwrap_or(folder.path());
    let (mut shown, mut pages) = (Vec::new(), Ok(()));
    for Tested { run, best, tested } in all {
        let own = run.path().strip_prefix(folder.path()).unwrap_or(run.path());
        let mut own_files = Saved::default();
        pages = pages.and(session.save(&run, &best, &tested, &place.join(own), &mut own_files));
        own_files.add_uncounted(tested.uncounted);
        saved.add_own(own_files);
        if file.trained_on.is_none() && pages.is_ok() {
            shown.push(page::gather_tested(&run, &best, &tested.file, &session.images(&run)?)?);
        }
    }
    let name = match &file.trained_on {
        None => names::TEST.to_owned(),
        Some(_) => names::on_other_data(names::TEST, &file.dataset),
    };
    saved.add(write_json_result(place, &name, file));
    pages?;
    if !shown.is_empty() {
        saved.add_page(write_result(place, names::PAGE, page::html(&shown)?.as_bytes()));
    }
    Ok(())
}

/// The content of `test.json`: the runs side by side, their spread, and their ensemble.
fn summarise(
    folder: &SeedsDir,
    data: &TestData,
    all: &[Tested],
    missing: &Missing,
) -> anyhow::Result<SeedsTestFile> {
    let of_each: Vec<Probabilities> = all.iter().map(|one| one.tested.probabilities.clone()).collect();
    let (Some(mean), Some(first)) = (Probabilities::mean(&of_each), all.first()) else {
        bail!("the runs in {} were tested on different images", short(folder.path()));
    };
    let files: Vec<&TestFile> = all.iter().map(|one| &one.tested.file).collect();
    let each = |metric: fn(&Evaluation) -> Option<f64>| {
        // A run whose metric is undefined makes the spread undefined too.
        let values: Vec<f64> =
            files.iter().map(|file| metric(&file.evaluation).unwrap_or(f64::NAN)).collect();
        spread(&values)
    };
    let corrupted: Option<Vec<f64>> = files
        .iter()
        .map(|file| file.corruptions.as_ref().map(|corruptions| corruptions.mean_accuracy))
        .collect();
    Ok(SeedsTestFile {
        folder: short(folder.path()),
        dataset: data.name.to_string(),
        trained_on: first.tested.file.trained_on.clone(),
        backend: first.tested.file.backend.clone(),
        tested: now(),
        runs: all.iter().map(seed_test).collect::<anyhow::Result<_>>()?,
        missing: missing.seeds.clone(),
        accuracy: each(|evaluation| evaluation.accuracy),
        loss: each(|evaluation| evaluation.loss),
        corrupted_accuracy: corrupted.map(|means| spread(&means)),
        ensemble: evaluate(&mean, &data.classes),
    })
}

fn seed_test(Tested { run, tested, .. }: &Tested) -> anyhow::Result<SeedTest> {
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
