//! Compares the estimate of the memory that training takes with what a process of its own takes.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::command::{build_program, output, say};

/// Which networks are trained.
#[derive(Debug, clap::Args)]
pub(crate) struct MemoryArgs {
    /// Only the networks whose name contains this.
    #[arg(long, default_value = "")]
    only: String,
    /// Images in a batch.
    #[arg(long, value_delimiter = ',', default_values_t = [32, 1024])]
    batch_size: Vec<usize>,
}

/// A network's name, and its keys without `model.`.
type Network = (&'static str, &'static [&'static str]);

const NETWORKS: &[Network] = &[
    ("default", &[]),
    ("batch normalization", &["units.0.normalization=batch", "units.1.normalization=batch"]),
    ("average pooling", &["units.0.pool=average", "units.1.pool=average"]),
    ("GELU", &["units.0.activation=gelu", "units.1.activation=gelu"]),
    ("tanh", &["units.0.activation=tanh", "units.1.activation=tanh"]),
    (
        "batch normalization, average pooling and GELU",
        &[
            "units.0.normalization=batch",
            "units.1.normalization=batch",
            "units.0.pool=average",
            "units.1.pool=average",
            "units.0.activation=gelu",
            "units.1.activation=gelu",
        ],
    ),
    (
        "pooling, ReLU, batch normalization",
        &[
            "units.0.normalization=batch",
            "units.1.normalization=batch",
            "units.0.order=[pool,activation,residual,normalization]",
            "units.1.order=[pool,activation,residual,normalization]",
        ],
    ),
    ("dropout, dense=[512]", &["units.0.dropout=0.25", "units.1.dropout=0.25", "dropout=0.5", "dense=[512]"]),
    (
        "three units of 3x3, two without pooling",
        &["units=[{kernel_size=3,pool=\"none\"},{kernel_size=3,pool=\"none\"},{kernel_size=3}]"],
    ),
    (
        "residual: four units of 3x3 at 28x28",
        &["units=[{filters=16,kernel_size=3,pool=\"none\"},{filters=16,kernel_size=3,pool=\"none\"},\
         {filters=16,kernel_size=3,pool=\"none\",residual=2},{filters=16,kernel_size=3,residual=2}]"],
    ),
    (
        "depthwise and pointwise, global average",
        &["units=[{filters=32},{filters=32,kernel_size=3,groups=32,pool=\"none\"},\
         {filters=64,kernel_size=1,pool=\"global-average\"}]"],
    ),
    ("dense=[512, 256], no units", &["units=[]", "dense=[512,256]"]),
    (
        "dense=[512, 256] with batch normalization, no units",
        &["units=[]", "dense=[512,256]", "dense_normalization=batch"],
    ),
];

pub(crate) fn run(root: &Path, data: &Path, args: &MemoryArgs) -> Result<()> {
    let program = build_program(root, "")?;
    let data = data.display().to_string();
    say("| network | batch | measured (MB) | estimate / measured |\n|---|---|---|---|");
    for (name, keys) in NETWORKS.iter().filter(|(name, _)| name.contains(&args.only)) {
        let (mut measured, mut ratios) = (Vec::new(), Vec::new());
        for &batch_size in &args.batch_size {
            let sets = assignments(keys, batch_size);
            let bytes = peak(root, &program, &data, &sets)?;
            measured.push(format!("{:.0}", bytes / 1e6));
            ratios.push(format!("{:.2}", estimate(root, &program, &sets)? / bytes));
        }
        let sizes: Vec<String> = args.batch_size.iter().map(ToString::to_string).collect();
        let [sizes, measured, ratios] = [sizes, measured, ratios].map(|values| values.join(", "));
        say(&format!("| {name} | {sizes} | {measured} | {ratios} |"));
    }
    Ok(())
}

/// `--set` and a key, for two steps with batches of this size.
fn assignments(keys: &[&str], batch_size: usize) -> Vec<String> {
    let model = keys.iter().map(|key| format!("model.{key}"));
    let train = [
        format!("train.batch_size={batch_size}"),
        format!("data.train_limit={}", 2 * batch_size),
        // 600 images to validate.
        "data.validation_fraction=0.01".to_owned(),
        "train.epochs=1".to_owned(),
    ];
    model.chain(train).flat_map(|assignment| ["--set".to_owned(), assignment]).collect()
}

/// The most bytes that a process had that trained two steps.
fn peak(root: &Path, program: &str, data: &str, sets: &[String]) -> Result<f64> {
    let dir = root.join("target/memory");
    if dir.exists() {
        fs::remove_dir_all(&dir)?;
    }
    let dir = dir.display().to_string();
    let words = ["train", "--json", "--data-dir", data, "-p", &dir].map(str::to_owned);
    let text = output(root, program, &[&words, sets].concat())?;
    let report: Value = serde_json::from_str(&text)?;
    report["peak_memory_bytes"].as_f64().context("train names its peak memory on Linux only")
}

/// The bytes that `summary` estimates.
fn estimate(root: &Path, program: &str, sets: &[String]) -> Result<f64> {
    let text = output(root, program, &[&["summary".to_owned()], sets].concat())?;
    bytes_in(&text).context("summary names no memory")
}

/// The bytes in a sentence such as "Training takes about 4.7 GB of memory".
fn bytes_in(text: &str) -> Option<f64> {
    let (_, rest) = text.split_once("takes about ")?;
    let mut words = rest.split_whitespace();
    let number: f64 = words.next()?.parse().ok()?;
    match words.next()? {
        "MB" => Some(1e6 * number),
        "GB" => Some(1e9 * number),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_estimate_is_read_from_the_last_line_of_the_summary() {
        let text =
            "layer\ntotal\n\nTraining takes about 4.7 GB of memory on a CPU with batches of 128 images.\n";
        assert_eq!(bytes_in(text), Some(4.7e9));
        assert_eq!(bytes_in("takes about 201 MB of"), Some(2.01e8));
        assert_eq!(bytes_in("takes about 3 hours"), None);
    }
}
