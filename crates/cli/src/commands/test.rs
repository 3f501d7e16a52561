//! `test`, the lecture's third assignment: tests one run, several seeds, or two runs against each other.

use learner::run::find::RunOrSeeds;
use learner::sweep::SweepDir;

use crate::args::TestArgs;
use crate::exit::{note, print};
use crate::open::find;
use crate::paths::{command, quoted};

mod compare;
mod logits_csv;
mod saved;
mod seeds;
mod seeds_table;
mod session;
mod table;

use saved::Saved;
use session::{TestData, TestSession};

pub(crate) fn run(args: &TestArgs) -> anyhow::Result<()> {
    if let Some(pair) = &args.compare {
        return compare::run(args, pair);
    }
    saved::check_output(args)?;
    let run = match find::run_or_seeds(args.run_dir.as_deref(), "testing")? {
        RunOrSeeds::Run(run) => run,
        RunOrSeeds::Seeds(folder) => return seeds::run(args, &folder),
    };
    if let Some(sweep) = run.path().parent().filter(|parent| SweepDir::is_at(parent)) {
        note(&format!(
            "note: this is a trial of a sweep. Whoever tests the trials lets the test images choose among them; \
             validation has chosen already: {}",
            command(&format!("sweep report {}", quoted(sweep)))
        ));
    }
    let mut session = TestSession::new(args)?;
    let best = run.best_model()?;
    let tested = session.test(&run, &best)?;
    let text = if args.json {
        serde_json::to_string_pretty(&tested.file)? + "\n"
    } else {
        table::render(
            &tested.file,
            &TestData::of(args, &run)?.description.title,
            session.hardware(),
            args.worst,
        )
    };
    // The figures come first, because a full disk must not keep them back. With `| head` printing fails, but the
    // files have to be written all the same. So that error is returned later.
    let printed = print(&text);
    let mut saved = Saved::default();
    let folder = args.output.as_deref().unwrap_or(run.path());
    let page = session.save(&run, &best, &tested, folder, &mut saved);
    saved.add_uncounted(tested.uncounted);
    let logits = args.logits.as_deref().map_or(Ok(()), |path| logits_csv::write(path, &tested.logits));
    let named = match &printed {
        Ok(()) if !args.json => print(&saved.lines("")),
        _ => Ok(()),
    };
    // Errors of the files weigh more than a closed pipe, which is no error.
    saved.finish(args, run.path()).and(page).and(logits).and(printed).and(named)
}
