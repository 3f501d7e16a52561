//! Tests one model on several backends, and compares their logits and predictions on the whole test set.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::command::{build_program, output, say};

/// Logits may differ by at most this much.
const TOLERANCE: f64 = 1e-3;
/// One prediction in 10,000 may differ, if its two best logits are closer than this.
const CLOSE: f64 = 2e-3;

struct Row {
    prediction: usize,
    logits: Vec<f64>,
}

pub(crate) fn run(root: &Path, run_dir: &Path, backends: &[String]) -> Result<()> {
    let features = backends.join(",");
    let program = build_program(root, &format!("--no-default-features --features {features}"))?;
    let folder = root.join("target/backends");
    fs::create_dir_all(&folder)?;
    let mut all = Vec::new();
    for backend in backends {
        let csv = folder.join(format!("{backend}.csv")).display().to_string();
        let run_dir = run_dir.display().to_string();
        output(root, &program, &["test", "-p", &run_dir, "--backend", backend, "--logits", &csv])?;
        all.push((backend, read(Path::new(&csv))?));
    }
    let Some(((first, expected), others)) = all.split_first() else { bail!("name at least one backend") };
    for (name, rows) in others {
        compare(first, expected, name, rows)?;
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<Row>> {
    let text = fs::read_to_string(path)?;
    text.lines()
        .skip(1)
        .map(|line| row(line).with_context(|| format!("{}: {line}", path.display())))
        .collect()
}

/// A line of `index,label,prediction,logit_0,...`.
fn row(line: &str) -> Result<Row> {
    let mut fields = line.split(',').skip(2);
    let prediction = fields.next().context("no prediction")?.parse()?;
    Ok(Row { prediction, logits: fields.map(str::parse).collect::<Result<_, _>>()? })
}

fn compare(first: &str, expected: &[Row], other: &str, rows: &[Row]) -> Result<()> {
    if expected.len() != rows.len() {
        bail!("{first} tested {} images, {other} {}", expected.len(), rows.len());
    }
    let mut largest = 0f64;
    let (mut differ, mut differ_clearly) = (0, 0);
    for (a, b) in expected.iter().zip(rows) {
        let gap = a.logits.iter().zip(&b.logits).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max);
        largest = largest.max(gap);
        if a.prediction != b.prediction {
            differ += 1;
            let mut sorted = a.logits.clone();
            sorted.sort_by(|x, y| y.total_cmp(x));
            differ_clearly += usize::from(sorted[0] - sorted[1] > CLOSE);
        }
    }
    say(&format!(
        "{first} against {other}, {} images: logits differ by at most {largest:.2e}, {differ} predictions differ",
        rows.len()
    ));
    let allowed = rows.len().div_ceil(10_000);
    if largest > TOLERANCE || differ > allowed || differ_clearly > 0 {
        bail!(
            "more than allowed: logits within {TOLERANCE}, {allowed} predictions where the best two are within {CLOSE}"
        );
    }
    Ok(())
}
