//! Shows the progress of a download on standard error: a bar on a terminal, plain lines elsewhere.

use console::Term;
use dataset::fetch::FetchEvent;
use indicatif::{ProgressBar, ProgressStyle};

use crate::exit::note;

/// Returns a listener that shows how files are fetched, without colours.
pub(crate) fn listener() -> impl FnMut(FetchEvent) {
    let mut bar: Option<ProgressBar> = None;
    move |event| match event {
        FetchEvent::Progress { file, done, total } => {
            if Term::stderr().is_term() {
                bar.get_or_insert_with(|| new_bar(file, total)).set_position(done.min(total));
            }
        }
        event => {
            // The bar of the file before must not stay above the line.
            if let Some(bar) = bar.take() {
                bar.finish_and_clear();
            }
            note(&event.to_string());
        }
    }
}

fn new_bar(file: &'static str, total: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("  {msg} {bar:24} {bytes}/{total_bytes}, {eta} left");
    let bar = ProgressBar::new(total).with_message(file);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
