//! Shows on standard error how far an import is: a bar on a terminal, one line elsewhere.

use console::Term;
use dataset::import::Progress;
use indicatif::{ProgressBar, ProgressStyle};

use crate::exit::note;

/// Returns a listener, and the bar that it draws, which ends with [`ProgressBar::finish_and_clear`].
pub(crate) fn listener() -> (impl FnMut(Progress), ProgressBar) {
    let bar = ProgressBar::hidden();
    let shown = bar.clone();
    let mut has_begun = false;
    let listener = move |Progress { done, all }| {
        if !has_begun {
            has_begun = true;
            if Term::stderr().is_term() {
                begin(&shown, all);
            } else {
                note(&format!("reading {all} image files"));
            }
        }
        shown.set_position(done as u64);
    };
    (listener, bar)
}

fn begin(bar: &ProgressBar, all: usize) {
    bar.set_length(all as u64);
    if let Ok(style) = ProgressStyle::with_template("  {bar:24} {pos}/{len} image files, {eta} left") {
        bar.set_style(style);
    }
    bar.set_draw_target(indicatif::ProgressDrawTarget::stderr());
}
