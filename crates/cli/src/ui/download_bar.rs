//! Shows the progress of a download on standard error: a bar on a terminal, plain lines elsewhere.

use std::path::Path;

use console::Term;
use dataset::fetch::FetchEvent;
use indicatif::{ProgressBar, ProgressStyle};

use crate::exit::note;
use crate::paths::user_data_dir;

/// Returns a listener that shows how files are fetched, without colours.
pub(crate) fn listener() -> impl FnMut(FetchEvent) {
    let mut bar: Option<ProgressBar> = None;
    let mut is_said = false;
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
            if let FetchEvent::Stored { path, .. } = &event {
                is_said = is_said || say_where(path);
            }
        }
    }
}

/// Says where data sets are kept, if a file was stored in the user's data directory, which nobody has named.
fn say_where(file: &Path) -> bool {
    let kept_in = file.parent().and_then(Path::parent);
    let is_users = kept_in.is_some() && kept_in == user_data_dir().as_deref();
    if let Some(folder) = kept_in.filter(|_| is_users) {
        note(&format!(
            "  data sets are kept in {}; --data-dir or MNIST_CNN_DATA choose another folder",
            folder.display()
        ));
    }
    is_users
}

fn new_bar(file: &'static str, total: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("  {msg} {bar:24} {bytes}/{total_bytes}, {eta} left");
    let bar = ProgressBar::new(total).with_message(file);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_somebody_named_needs_no_explanation() {
        let users = user_data_dir().unwrap();
        assert!(say_where(&users.join("mnist/train-images-idx3-ubyte")));
        assert!(!say_where(Path::new("data/mnist/train-images-idx3-ubyte")));
        assert!(!say_where(Path::new("file")));
    }
}
