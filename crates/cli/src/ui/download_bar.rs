//! A ready-made listener for front ends: a bar on a terminal, plain lines elsewhere.

use std::io::{self, IsTerminal, Write};

use indicatif::{ProgressBar, ProgressStyle};

use crate::fetch::Event;

/// Shows on standard error what happens while files are brought, without colours.
pub fn sink() -> impl FnMut(Event) {
    let mut bar: Option<ProgressBar> = None;
    move |event| match event {
        Event::Source { title, source } => line(&format!("fetching {title} from {source}")),
        Event::Progress { file, done, total } => {
            if io::stderr().is_terminal() {
                bar.get_or_insert_with(|| new_bar(file, total)).set_position(done.min(total));
            }
        }
        Event::SourceFailed { reason, .. } => {
            clear(&mut bar);
            line(&format!("  not there: {reason}"));
        }
        Event::Stored { path, bytes } => {
            clear(&mut bar);
            line(&format!("  {} ({bytes} bytes, verified)", path.display()));
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

fn clear(bar: &mut Option<ProgressBar>) {
    if let Some(bar) = bar.take() {
        bar.finish_and_clear();
    }
}

/// Nobody may be reading: a closed standard error is no reason to stop.
fn line(text: &str) {
    drop(writeln!(io::stderr().lock(), "{text}"));
}
