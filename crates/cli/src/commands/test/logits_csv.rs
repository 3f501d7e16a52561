//! `test --logits FILE`: label, prediction and logits of each image, for comparing backends.

use std::fmt::Write;
use std::path::Path;

use learner::eval::logits::{Logits, argmax};

/// Writes a line for each image, with as many digits of its logits as tell two numbers apart.
///
/// # Errors
/// If the file cannot be written.
pub(super) fn write(path: &Path, logits: &Logits) -> anyhow::Result<()> {
    let mut csv = String::from("index,label,prediction");
    // Writing to a string cannot fail.
    for class in 0..logits.classes() {
        let _ = write!(csv, ",logit_{class}");
    }
    csv.push('\n');
    for (index, (label, row)) in logits.rows().enumerate() {
        let _ = write!(csv, "{index},{label},{}", argmax(row));
        for logit in row {
            let _ = write!(csv, ",{logit}");
        }
        csv.push('\n');
    }
    std::fs::write(path, csv).map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))
}
