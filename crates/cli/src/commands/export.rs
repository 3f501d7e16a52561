//! `export`: writes a run's best model as a file for other programs.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::Context;
use dataset::Preparation;
use learner::Config;
use learner::run::kept_epochs::{kept_epochs, model_file_of_epoch};
use learner::run::{BestModel, RunDir, write_result};
use network::ModelFile;
use network::export::pytorch::pytorch;
use network::export::{About, Input, onnx};
use serde::Serialize;

use crate::args::{ExportArgs, FileFormat};
use crate::exit::{note, print, usage};
use crate::open::find;
use crate::paths::{as_text, short};
use crate::ui::numbers::grouped;

pub(crate) fn run(args: &ExportArgs) -> anyhow::Result<()> {
    refuse_existing(args)?;
    let format = format(args)?;
    let run = find::one_run(args.run_dir.as_deref(), "exporting")?;
    let best = run.best_model()?;
    for damaged in &best.damaged {
        note(&format!("warning: {}; going back to an older checkpoint", damaged.error));
    }
    let config = run.config()?;
    let kept_epochs = kept_epochs(&run)?;
    let is_model = format == FileFormat::Model;
    let model = is_model.then(|| model(args, &kept_epochs, &run, &best, &config)).transpose()?;
    let mut written = Written { kept_epochs, ..Written::new(args, format, &run, &best, &config) };
    let bytes = match &model {
        Some(model) => {
            written.weights_sha256.clone_from(&model.source.weights_sha256);
            model.to_bytes()?
        }
        None => content(&written, &best, &config)?,
    };
    let folder = match args.output.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let name = args.output.file_name().unwrap_or_default().to_string_lossy();
    write_result(folder, &name, &bytes)?;
    print(&if args.json { serde_json::to_string_pretty(&written)? + "\n" } else { written.text(bytes.len()) })
}

/// The format that was named, or else the one that the file's name ends in.
fn format(args: &ExportArgs) -> anyhow::Result<FileFormat> {
    let by_name = match args.output.extension().and_then(|ending| ending.to_str()) {
        Some("onnx") => Some(FileFormat::Onnx),
        Some("safetensors") => Some(FileFormat::Safetensors),
        _ => None,
    };
    let format = args.format.or(by_name).ok_or_else(|| {
        usage(format!(
            "the name {} does not say which format is meant; add --format onnx, safetensors, or model",
            short(&args.output)
        ))
    })?;
    if args.bytes && format != FileFormat::Onnx {
        return Err(usage("--bytes is only for --format onnx: the other formats hold no graph".to_owned()));
    }
    for (flag, is_set) in [("--rounded", args.rounded), ("--epoch", args.epoch.is_some())] {
        if is_set && format != FileFormat::Model {
            return Err(usage(format!("{flag} is only for --format model")));
        }
    }
    Ok(format)
}

fn refuse_existing(args: &ExportArgs) -> anyhow::Result<()> {
    let output = &args.output;
    if output.is_dir() || output.file_name().is_none() {
        return Err(usage(format!("{} is a folder; name a file", short(output))));
    }
    if output.file_name().and_then(OsStr::to_str).is_none() {
        return Err(usage(format!("{}: expected a name in UTF-8", short(output))));
    }
    if output.symlink_metadata().is_ok() && !args.force {
        let text =
            format!("{} is already there; name another file, or replace it with --force", short(output));
        return Err(usage(text));
    }
    Ok(())
}

/// The file's bytes in another program's format.
fn content(written: &Written, best: &BestModel, config: &Config) -> anyhow::Result<Vec<u8>> {
    let (architecture, weights) = (config.architecture(), &best.snapshot.weights);
    let folder = || short(&best.folder);
    Ok(match written.format {
        "onnx" => {
            let about = About {
                classes: &written.classes,
                preparation: written.preparation,
                weights_sha256: &written.weights_sha256,
                version: env!("CARGO_PKG_VERSION"),
            };
            onnx(architecture, weights, written.values, &about).with_context(folder)?
        }
        _ => pytorch(architecture, weights).with_context(folder)?,
    })
}

/// The best model, or that of an epoch.
fn model(
    args: &ExportArgs,
    kept: &[usize],
    run: &RunDir,
    best: &BestModel,
    config: &Config,
) -> anyhow::Result<ModelFile> {
    let mut model = match args.epoch {
        None => run.model_file(best, config)?,
        Some(epoch) => {
            if !kept.contains(&epoch) {
                let found = match kept.last() {
                    None => "none of its epochs; train with --keep-epochs".to_owned(),
                    Some(last) => format!("{} epochs, up to {last}", kept.len()),
                };
                return Err(usage(format!("--epoch {epoch}: {} has kept {found}", short(run.path()))));
            }
            model_file_of_epoch(run, epoch, config)?
        }
    };
    if args.rounded {
        model.weights = model.weights.rounded();
    }
    Ok(model)
}

/// What was written, as `--json` prints it.
#[derive(Debug, Serialize)]
struct Written {
    #[serde(serialize_with = "as_text")]
    file: PathBuf,
    format: &'static str,
    #[serde(serialize_with = "as_text")]
    run: PathBuf,
    epoch: usize,
    /// The epochs whose weights the run has kept.
    kept_epochs: Vec<usize>,
    weights_sha256: String,
    input: Described,
    outputs: Vec<Described>,
    classes: Vec<String>,
    preparation: &'static str,
    #[serde(skip)]
    values: Input,
}

/// An input or an output of the model.
#[derive(Debug, Serialize)]
struct Described {
    name: &'static str,
    /// The first dimension is free.
    shape: Vec<String>,
    values: &'static str,
}

impl Written {
    fn new(args: &ExportArgs, format: FileFormat, run: &RunDir, best: &BestModel, config: &Config) -> Self {
        let values = if args.bytes { Input::Bytes } else { Input::Scaled };
        let maps = config.architecture().input();
        let shape = |rest: &[usize]| {
            ["n".to_owned()].into_iter().chain(rest.iter().map(ToString::to_string)).collect::<Vec<_>>()
        };
        let classes = config.architecture().classes();
        let logits = Described { name: "logits", shape: shape(&[classes]), values: "before the softmax" };
        let probabilities =
            Described { name: "probabilities", shape: shape(&[classes]), values: "their softmax" };
        let (format, outputs) = match format {
            FileFormat::Onnx => ("onnx", vec![logits, probabilities]),
            FileFormat::Safetensors => ("safetensors", vec![logits]),
            FileFormat::Model => ("model", vec![logits]),
        };
        Self {
            file: args.output.clone(),
            format,
            run: run.path().to_owned(),
            epoch: args.epoch.unwrap_or_else(|| best.epoch()),
            kept_epochs: Vec::new(),
            weights_sha256: best.sha256.clone(),
            input: Described {
                name: "images",
                shape: shape(&[maps.channels, maps.height, maps.width]),
                values: values.values(),
            },
            outputs,
            classes: classes_of(config),
            preparation: preparation_of(config),
            values,
        }
    }

    fn text(&self, bytes: usize) -> String {
        let described =
            |part: &Described| format!("{} [{}]: {}", part.name, part.shape.join(", "), part.values);
        let mut text = format!(
            "File:    {} ({}, {} bytes)\nModel:   {}, epoch {}, weights {}\nInput:   {}\n",
            short(&self.file),
            self.format,
            grouped(bytes),
            short(&self.run),
            self.epoch,
            self.weights_sha256,
            described(&self.input)
        );
        for output in &self.outputs {
            text += &format!("Output:  {}\n", described(output));
        }
        text + &format!("Classes: {}\n", self.classes.join(", "))
    }
}

/// The names of the classes that a run tells apart, in the order of its logits.
fn classes_of(config: &Config) -> Vec<String> {
    config.description().classes.clone()
}

/// The word for how any image becomes an input of this model.
fn preparation_of(config: &Config) -> &'static str {
    // Where nobody asked for the way of handwriting, an image is scaled as a whole.
    config.description().preparation.unwrap_or(Preparation::Resize).name()
}
