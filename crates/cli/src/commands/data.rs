//! `data download` and `data verify`: bring the files of a data set, and check them.

use std::path::Path;

use dataset::fetch;
use dataset::verify::{self, Status};
use dataset::{Name, Split};

use crate::args::DataCommand;
use crate::exit::{note, print};
use crate::paths::{data_dir, short};
use crate::ui::download_bar;

pub(crate) fn run(command: &DataCommand) -> anyhow::Result<()> {
    match command {
        DataCommand::Download { dataset, from, force, data_dir: dir } => {
            if dataset.files().is_empty() {
                return print(&format!(
                    "{} is part of the program; there is nothing to download\n",
                    dataset.title()
                ));
            }
            let dir = data_dir(dir);
            let place = fetch::download(
                *dataset,
                &Split::ALL,
                &dir,
                from.as_deref(),
                *force,
                &mut download_bar::listener(),
            )
            .map_err(dataset::Error::from)?;
            print(&format!("{} is in {}, verified\n", dataset.title(), short(&place)))
        }
        DataCommand::Verify { dataset, data_dir: dir } => verify(*dataset, &data_dir(dir)),
    }
}

fn verify(name: Name, dir: &Path) -> anyhow::Result<()> {
    if name.files().is_empty() {
        note(&format!("{} is part of the program; there is nothing to verify", name.title()));
    }
    let reports = verify::verify(name, &Split::ALL, dir);
    for report in &reports {
        print(&format!("{}: {}\n", short(&report.path), report.status))?;
    }
    let missing = reports.iter().filter(|report| report.status == Status::Missing).count();
    let wrong = reports.iter().filter(|report| report.status != Status::Ok).count() - missing;
    if missing + wrong == 0 {
        return Ok(());
    }
    Err(dataset::Error::Unverified { name, dir: dir.to_owned(), missing, wrong }.into())
}
