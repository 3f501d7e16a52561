//! `data verify`: compares the files of a data set with its description.

use std::path::Path;

use dataset::verify::{self, Status};
use dataset::{Description, Name, Split};

use crate::exit::{note, print};
use crate::paths::short;

pub(super) fn run(name: Name, dir: &Path) -> anyhow::Result<()> {
    let description = Description::of(name, dir).map_err(dataset::Error::from)?;
    let title = description.title;
    if description.files.is_empty() {
        note(&format!("{title} is part of the program; there is nothing to verify"));
    }
    let reports = verify::verify(name, &Split::ALL, dir).map_err(dataset::Error::from)?;
    for report in &reports {
        print(&format!("{}: {}\n", short(&report.path), report.status))?;
    }
    let count = |is: fn(&Status) -> bool| reports.iter().filter(|report| is(&report.status)).count() as u32;
    let missing = count(|status| *status == Status::Missing);
    let wrong = count(|status| *status != Status::Ok) - missing;
    if missing + wrong == 0 {
        return Ok(());
    }
    let (dir, all, title) = (dir.to_owned(), reports.len() as u32, title.into());
    Err(dataset::Error::Unverified { name, title, dir, missing, wrong, all }.into())
}
