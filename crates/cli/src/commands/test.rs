//! `test`, the lecture's third assignment: tests one run, several seeds, or two runs against each other.

use learner::run::find::RunOrSeeds;
use run_files::names;

use crate::args::TestArgs;
use crate::commands::find;
use crate::exit::print;
use crate::paths::short;

mod compare;
mod logits_csv;
mod seeds;
mod session;
mod table;

use session::TestSession;

pub(crate) fn run(args: &TestArgs) -> anyhow::Result<()> {
    if let Some(pair) = &args.compare {
        return compare::run(args, pair);
    }
    let run = match find::run_or_seeds(args.run_dir.as_deref(), "testing")? {
        RunOrSeeds::Run(run) => run,
        RunOrSeeds::Seeds(folder) => return seeds::run(args, &folder),
    };
    let mut session = TestSession::new(args)?;
    let best = run.best_model()?;
    let tested = session.test(&run, &best)?;
    if let Some(path) = &args.logits {
        logits_csv::write(path, &tested.logits)?;
    }
    let text = if args.json {
        serde_json::to_string_pretty(&tested.file)? + "\n"
    } else {
        let dataset = run.config()?.data().dataset;
        table::render(&tested.file, dataset, session.hardware(), args.worst)
    };
    // With `| head` printing fails, but the page has to be written all the same. So that error is returned
    // later.
    let printed = print(&text);
    session.write_page(&run, &best)?;
    printed?;
    if args.json {
        return Ok(());
    }
    let files = [names::TEST, names::PREDICTIONS, names::PAGE];
    let [test, predictions, page] = files.map(|name| short(&run.file(name)));
    print(&format!("\nWritten: {test}\n         {predictions}\nReport:  {page}\n"))
}
