//! Exports models, compares them with ONNX Runtime and PyTorch, and imports them again.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::agreement::exchange::networks::{Network, all};
use crate::command::{output, say};
use crate::python::{Environment, PYTORCH, run_visibly};

pub(crate) mod networks;

/// The images that are compared: those of MNIST's test set.
const IMAGES: &str = "mnist/t10k-images-idx3-ubyte";
/// What every network is trained with: enough steps that no statistic of a normalization is its first value.
const TRAINING: [&str; 4] =
    ["data.dataset=sample", "train.epochs=1", "train.batch_size=32", "train.learning_rate=0.003"];

/// The environment with PyTorch and ONNX Runtime.
pub(crate) fn environment(root: &Path) -> Environment {
    Environment::new(root.join("target/bench/python"), PYTORCH.map(str::to_owned).to_vec())
}

/// Compares every network of the list. `program` is the program's binary, `folder` a folder that holds nothing.
pub(crate) fn compare(root: &Path, program: &str, folder: &Path, data: &Path, python: &str) -> Result<()> {
    let images = [data.join(IMAGES), data.join(format!("{IMAGES}.gz"))];
    let images = images.into_iter().find(|file| file.is_file());
    let images = images.context("MNIST is missing: cargo xtask download-data")?.display().to_string();
    let models = folder.join("models");
    let networks = all();
    for network in &networks {
        export(program, &models.join(&network.name), network, data)?;
    }
    say(&format!("{} networks trained and exported", networks.len()));
    let models_path = models.display().to_string();
    run_visibly(root, python, &["-B", "xtask/reference/check.py", "exchange", &models_path, &images])?;
    for network in &networks {
        for (file, run) in [("m.safetensors", "imported"), ("back.safetensors", "back")] {
            import(program, &models.join(&network.name), file, run)?;
        }
    }
    say(&format!("{} files imported, with the weights that were exported", 2 * networks.len()));
    Ok(())
}

/// Trains a network in the folder, tests it and exports it.
fn export(program: &str, folder: &Path, network: &Network, data: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    let sets = TRAINING.iter().map(|set| (*set).to_owned()).chain(network.sets());
    let words: Vec<String> = ["train", "-p", "run"].into_iter().map(str::to_owned).collect();
    let words = sets.fold(words, |words, set| [words, vec!["--set".to_owned(), set]].concat());
    output(folder, program, &words)?;
    let data = data.display().to_string();
    let test = ["test", "-p", "run", "--data", "mnist", "--data-dir", &data];
    output(folder, program, &[&test[..], &["-o", "tested", "--logits", "logits.csv"]].concat())?;
    for (file, more) in [("m.onnx", None), ("bytes.onnx", Some("--bytes")), ("m.safetensors", None)] {
        let words = ["export", "-p", "run", "-o", file];
        output(folder, program, &words.into_iter().chain(more).collect::<Vec<_>>())?;
    }
    fs::copy(folder.join("run/config.toml"), folder.join("config.toml"))?;
    Ok(())
}

/// Imports a file, and compares the SHA-256 of its weights with that of the run that was exported.
fn import(program: &str, folder: &Path, file: &str, run: &str) -> Result<()> {
    let words = ["import", file, "--config", "config.toml", "-p", run];
    output(folder, program, &words)?;
    let sha256 = |run: &str| -> Result<String> {
        let file = folder.join(run).join("validation.json");
        let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        let value: serde_json::Value = serde_json::from_str(&text)?;
        Ok(value["weights_sha256"].to_string())
    };
    let (found, expected) = (sha256(run)?, sha256("run")?);
    ensure!(found == expected, "{}/{file}: found {found}, expected {expected}", folder.display());
    Ok(())
}
