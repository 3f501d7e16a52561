//! Measures `predict` on a folder of labelled images.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::command::{build_program, say};

/// Which images.
#[derive(Debug, clap::Args)]
pub(crate) struct WildArgs {
    /// A folder with labels.csv, whose columns `file`, `label` and `kind` say what a person reads in each image: the
    /// digits, with lines joined by /, and whether the image is `single`, `none`, or anything else for several digits.
    #[arg(long, value_name = "DIR")]
    images: PathBuf,
    /// Directory of the run whose model reads [default: the built-in model].
    #[arg(short = 'p', long, value_name = "DIR")]
    run_dir: Option<PathBuf>,
}

/// What a person reads in an image.
struct Labelled {
    file: String,
    label: String,
    kind: String,
}

/// What became of the images of a kind.
#[derive(Default)]
struct Tally {
    images: usize,
    right: usize,
    digits: usize,
    /// Digits that are wrong, missing or too many.
    faults: usize,
    unreadable: usize,
    wrong: Vec<String>,
}

pub(crate) fn run(root: &Path, args: &WildArgs) -> Result<()> {
    let program = build_program(root, "")?;
    let labels = labels(&args.images.join("labels.csv"))?;
    let mut tallies: BTreeMap<&str, Tally> = BTreeMap::new();
    for single in [true, false] {
        let chosen: Vec<&Labelled> =
            labels.iter().filter(|image| (image.kind == "single") == single).collect();
        let answers = answers(&program, args, &chosen, single)?;
        for (image, answer) in chosen.into_iter().zip(&answers) {
            tallies.entry(&image.kind).or_default().add(image, answer);
        }
    }
    say(&format!(
        "{:<16} {:>6} {:>6} {:>7} {:>7} {:>11}",
        "kind", "images", "right", "digits", "faults", "unreadable"
    ));
    for (kind, tally) in &tallies {
        let Tally { images, right, digits, faults, unreadable, .. } = tally;
        say(&format!("{kind:<16} {images:>6} {right:>6} {digits:>7} {faults:>7} {unreadable:>11}"));
    }
    tallies.values().flat_map(|tally| &tally.wrong).for_each(|line| say(line));
    Ok(())
}

/// The lines of a table with a header, without quotes in the columns that are used.
fn labels(path: &Path) -> Result<Vec<Labelled>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    let column = |name: &str| header.iter().position(|column| *column == name);
    let (Some(file), Some(label), Some(kind)) = (column("file"), column("label"), column("kind")) else {
        bail!("{}: expected the columns file, label and kind", path.display());
    };
    let row = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        let field = |at: usize| fields.get(at).map(|field| field.trim_matches('"').to_owned());
        Some(Labelled { file: field(file)?, label: field(label)?, kind: field(kind)? })
    };
    Ok(lines.filter_map(row).collect())
}

/// A line of JSON for each image.
///
/// # Errors
/// If the program does not answer each of them.
fn answers(program: &str, args: &WildArgs, images: &[&Labelled], single: bool) -> Result<Vec<Value>> {
    if images.is_empty() {
        return Ok(Vec::new());
    }
    let mut command = std::process::Command::new(program);
    command.args(["predict", "--json"]).args(single.then_some("--single"));
    if let Some(run) = &args.run_dir {
        command.arg("-p").arg(run);
    }
    let output = command.args(images.iter().map(|image| args.images.join(&image.file))).output()?;
    let lines = String::from_utf8(output.stdout)?;
    let answers: Vec<Value> = lines.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    if answers.len() != images.len() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("{} answers for {} images: {said}", answers.len(), images.len());
    }
    Ok(answers)
}

impl Tally {
    fn add(&mut self, image: &Labelled, answer: &Value) {
        let label = if image.kind == "none" { String::new() } else { digits(&image.label) };
        let status = answer["status"].as_str().unwrap_or_default();
        // Where there is no digit, only an answer without reserve is a fault.
        let text = if image.kind == "none" && status != "read" {
            ""
        } else {
            answer["text"].as_str().unwrap_or_default()
        };
        let text = digits(text);
        let faults = distance(&label, &text);
        self.images += 1;
        self.right += usize::from(faults == 0);
        self.digits += label.len();
        self.faults += faults;
        self.unreadable += usize::from(status == "unreadable");
        if faults > 0 {
            self.wrong.push(format!("  {}: {} read as {text} ({status})", image.file, image.label));
        }
    }
}

/// The digits of a text alone, because signs, spaces and the ends of lines are not read as such.
fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// The least number of digits to change, to add or to take away (Levenshtein 1966).
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let changed = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_digits_wrong_missing_or_too_many() {
        let pairs =
            [("", ""), ("427", "427"), ("427", "47"), ("47", "427"), ("427", "421"), ("12", ""), ("", "3")];
        assert_eq!(pairs.map(|(a, b)| distance(a, b)), [0, 0, 1, 1, 1, 2, 1]);
    }

    #[test]
    fn an_unsure_answer_claims_no_digit_where_there_is_none() {
        let image = |kind: &str| Labelled { file: "x.png".into(), label: "4 2/7".into(), kind: kind.into() };
        let answer = |status: &str| serde_json::json!({"status": status, "text": "42/7"});
        let mut tally = Tally::default();
        tally.add(&image("multi"), &answer("not-sure"));
        tally.add(&image("none"), &answer("not-sure"));
        assert_eq!((tally.right, tally.faults, tally.digits), (2, 0, 3));
        tally.add(&image("none"), &answer("read"));
        assert_eq!((tally.right, tally.faults), (2, 3));
    }
}
