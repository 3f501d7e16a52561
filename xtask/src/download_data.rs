//! Downloads a data set, with the same code as `data download`.

use std::io::{self, IsTerminal};
use std::path::Path;

use anyhow::{Result, anyhow};
use dataset::Split;
use dataset::catalog::Entry;
use dataset::fetch::{self, FetchError, FetchEvent};
use indicatif::{ProgressBar, ProgressStyle};

use crate::command::say;

pub(crate) fn run(entry: Entry, from: Option<&Path>, dir: &Path) -> Result<()> {
    let folder = fetch::download(entry.name(), &Split::ALL, dir, from, false, &mut listener())
        .map_err(|error| anyhow!("{error}{}", hint(&error)))?;
    say(&format!("{} is in {}, verified", entry.title(), folder.display()));
    Ok(())
}

/// Shows what happens on standard error: a bar on a terminal, plain lines elsewhere.
fn listener() -> impl FnMut(FetchEvent) {
    let mut bar: Option<ProgressBar> = None;
    move |event| match event {
        FetchEvent::Progress { done, total, .. } => {
            if io::stderr().is_terminal() {
                bar.get_or_insert_with(|| new_bar(total)).set_position(done.min(total));
            }
        }
        event => {
            // The bar of the file before must not stay above the line.
            if let Some(bar) = bar.take() {
                bar.finish_and_clear();
            }
            say(&event.to_string());
        }
    }
}

fn new_bar(total: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("  {bar:24} {bytes}/{total_bytes}, {eta} left");
    ProgressBar::new(total).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// What to do about an error, on a line of its own.
fn hint(error: &FetchError) -> String {
    match error {
        FetchError::NoSource { entry, .. } => {
            let files = entry.files().iter().map(|file| &*file.name).collect::<Vec<_>>().join(", ");
            let command = format!("cargo xtask download-data {entry} --from FOLDER");
            format!(
                "\n  to bring it by hand, put {files} into a folder, packed with gzip or not, and type: {command}"
            )
        }
        FetchError::Wrong { .. } => "\n  delete the file, and download it again".to_owned(),
        FetchError::Blocked(_) => {
            "\n  remove what is in the way, or choose another folder with MNIST_CNN_DATA".to_owned()
        }
        // These are about data sets of one's own, which this task does not know.
        FetchError::Missing { .. } | FetchError::Description(_) => String::new(),
        FetchError::Write { .. } => "\n  choose another folder with MNIST_CNN_DATA".to_owned(),
    }
}
