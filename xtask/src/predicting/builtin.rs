//! Trains the model that comes with the program anew, and compares it with the one in the repository.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::command::{build_program, output, say};
use crate::predicting::letters::{self, letters};

/// Where the model is kept.
const MODEL: &str = "crates/network/models/digits.safetensors";

/// How many images of each letter are drawn.
const EACH: usize = 40;

/// From what the model is trained.
#[derive(Debug, clap::Args)]
pub(crate) struct BuiltinArgs {
    #[arg(long, default_value = "configs/real.toml")]
    config: PathBuf,
    /// Put the new model in the place of the one in the repository.
    #[arg(long)]
    replace: bool,
}

/// The same configuration gives the same bytes on every processor with fused multiply-add.
pub(crate) fn run(root: &Path, data: &Path, args: &BuiltinArgs) -> Result<()> {
    let program = build_program(root, "")?;
    // The run's name is in the file, so it is always the same.
    let dir = root.join("target/builtin/digits");
    if dir.exists() {
        fs::remove_dir_all(&dir).with_context(|| dir.display().to_string())?;
    }
    let file = root.join("target/builtin/digits.safetensors");
    let [dir, file, data] = [&dir, &file, &data.to_path_buf()].map(|path| path.display().to_string());
    let config = args.config.display().to_string();
    say(&format!("training {config}"));
    output(root, &program, &["train", "--config", &config, "--data-dir", &data, "-p", &dir])?;
    // Rounded, it has less than 400 kB together with the page's WebAssembly, compressed. The logits of the test images
    // change by 0.013 at most, and as many are right.
    let as_model = ["--format", "model", "--rounded", "-o", &file, "--force"];
    output(root, &program, &[&["export", "-p", &dir][..], &as_model].concat())?;
    figures(root, &program, &data, &dir)?;
    letters_claimed(root, &program, &file)?;
    let new = fs::read(&file).with_context(|| file.clone())?;
    let old = fs::read(root.join(MODEL)).with_context(|| MODEL.to_owned())?;
    say(&format!("{file}: {} bytes", new.len()));
    if new == old {
        say(&format!("{MODEL} has the same bytes"));
    } else if args.replace {
        fs::write(root.join(MODEL), &new).with_context(|| MODEL.to_owned())?;
        say(&format!("{MODEL} is replaced"));
    } else {
        bail!("{MODEL} has other bytes; --replace puts the new model in its place");
    }
    Ok(())
}

/// Says what the model is worth: on the test images, and what its thresholds do to the validation images.
fn figures(root: &Path, program: &str, data: &str, dir: &str) -> Result<()> {
    let test = output(root, program, &["test", "-p", dir, "--data-dir", data, "--json"])?;
    let test: Value = serde_json::from_str(&test)?;
    let accuracy = test["evaluation"]["accuracy"].as_f64().context("test.json holds no accuracy")?;
    let thresholds: Value = serde_json::from_str(&fs::read_to_string(format!("{dir}/thresholds.json"))?)?;
    say(&format!(
        "test set: {:.2} %, epoch {}, weights {}",
        100.0 * accuracy,
        test["epoch"],
        test["weights_sha256"].as_str().unwrap_or_default()
    ));
    say(&format!(
        "validation: temperature {}, least energy {}, least probability {}, least known {}: {} of {} images unsure, {} of the others wrong",
        thresholds["temperature"],
        thresholds["least_energy"],
        thresholds["least_probability"],
        thresholds["least_known"],
        thresholds["unsure"],
        thresholds["images"],
        thresholds["wrong_but_sure"]
    ));
    Ok(())
}

/// Says how many letters the model takes for a digit with more than 90 %. O, I, S, Z and others look like digits.
fn letters_claimed(root: &Path, program: &str, model: &str) -> Result<()> {
    let folder = root.join("target/builtin/letters");
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let drawn = letters(EACH, 1);
    for (i, (letter, image)) in drawn.iter().enumerate() {
        let mut bytes = format!("P5\n{} {}\n255\n", letters::SIZE, letters::SIZE).into_bytes();
        bytes.extend(image);
        fs::write(folder.join(format!("{letter}-{i}.pgm")), bytes)?;
    }
    let folder = folder.display().to_string();
    let lines = output(root, program, &["predict", "-p", model, "--single", "--json", &folder])?;
    let answers = lines.lines().map(serde_json::from_str).collect::<Result<Vec<Value>, _>>()?;
    if answers.len() != drawn.len() {
        bail!("{} answers for {} letters", answers.len(), drawn.len());
    }
    let is_claimed = |answer: &&Value| {
        answer["status"] == "read" && answer["items"][0]["probability"].as_f64().is_some_and(|p| p > 0.9)
    };
    let claimed = answers.iter().filter(is_claimed).count();
    say(&format!("letters: {claimed} of {} are taken for a digit with more than 90 %", drawn.len()));
    Ok(())
}
