//! Builds the page that reads digits: a folder that any file host serves.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use web::page;

use crate::command::{build_program, cargo, output, say};
use crate::pages::debian;

/// The compiler's name for a browser.
const TARGET: &str = "wasm32-unknown-unknown";
/// What builds the network for a browser.
const BUILD: &str = "build --locked -p web --profile browser --target wasm32-unknown-unknown";
/// The file that this makes, below a target folder.
const BUILT: &str = "wasm32-unknown-unknown/browser/web.wasm";
/// The model that comes with the program.
const BUILT_IN: &str = "crates/network/models/digits.safetensors";

#[derive(Debug, Default, clap::Args)]
pub(crate) struct WebArgs {
    /// Take along the model of this run, before the one that comes with the program. May be given several times.
    #[arg(short = 'p', long, value_name = "RUN")]
    run_dir: Vec<PathBuf>,
    /// The folder to write.
    #[arg(short, long, value_name = "DIR", default_value = "target/web")]
    output: PathBuf,
    /// Build with Debian's Rust in a folder of its own, where rustup cannot install the browser's standard library.
    /// For root on Debian; takes 2 GB below `target`.
    #[arg(long)]
    debian: bool,
    /// With --debian: take the packages without Debian's signatures, if this machine's Debian is too old to have the keys
    /// of the release with the compiler.
    #[arg(long, requires = "debian")]
    unsigned: bool,
    /// Write page, style and script again, and leave the network and the models as they are.
    #[arg(long, conflicts_with_all = ["run_dir", "debian"])]
    page_only: bool,
}

impl WebArgs {
    /// The folder that is written.
    pub(crate) fn folder(&self) -> &Path {
        &self.output
    }
}

pub(crate) fn run(root: &Path, args: &WebArgs) -> Result<()> {
    let folder = root.join(&args.output);
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    for (name, text) in [("index.html", page::INDEX), ("style.css", page::STYLE), ("script.js", page::SCRIPT)]
    {
        write(&folder, name, text.as_bytes())?;
    }
    if !args.page_only {
        let wasm = if args.debian { debian::build(root, BUILD, BUILT, args.unsigned)? } else { build(root)? };
        write(&folder, "engine.wasm", &read(&wasm)?)?;
        models(root, &folder, &args.run_dir)?;
    }
    say(&format!("{}: serve this folder, for example with", folder.display()));
    say(&format!("  python3 -m http.server --bind 127.0.0.1 --directory {}", args.output.display()));
    Ok(())
}

/// Builds the network with the compiler at hand.
fn build(root: &Path) -> Result<PathBuf> {
    let library = output(root, "rustc", &["--print", "target-libdir", "--target", TARGET])?;
    if !Path::new(library.trim()).is_dir() {
        bail!(
            "Rust's standard library for browsers is missing. Install it with `rustup target add {TARGET}`; without \
             rustup, on Debian as root, build with `cargo xtask web --debian`"
        );
    }
    cargo(root, &[], BUILD)?;
    Ok(root.join("target").join(BUILT))
}

/// Whether a file of the folder is one that this command writes for a model.
fn is_of_model(name: &str) -> bool {
    let is_run = name.strip_prefix("run-").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    name.ends_with(".safetensors") && (is_run || name == "digits.safetensors")
}

/// Writes the models and their list. Models that an earlier call has written go; what else is in the folder stays.
fn models(root: &Path, folder: &Path, runs: &[PathBuf]) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if is_of_model(&entry.file_name().to_string_lossy()) {
            fs::remove_file(entry.path()).with_context(|| entry.path().display().to_string())?;
        }
    }
    let program = if runs.is_empty() { String::new() } else { build_program(root, "")? };
    let mut list = Vec::new();
    for (i, run) in runs.iter().enumerate() {
        list.push(of_run(root, folder, &program, run, i + 1)?);
    }
    write(folder, "digits.safetensors", &read(&root.join(BUILT_IN))?)?;
    list.push(json!({ "file": "digits.safetensors", "title": "Handwritten digits", "epochs": [] }));
    let text = serde_json::to_string_pretty(&json!({ "models": list }))? + "\n";
    write(folder, "models.json", text.as_bytes())
}

/// Exports a run's best model, and those of its epochs if it has kept them.
fn of_run(root: &Path, folder: &Path, program: &str, run: &Path, number: usize) -> Result<Value> {
    let run_dir = run.display().to_string();
    let export = |file: &str, more: &[&str]| {
        let path = folder.join(file).display().to_string();
        let words = ["export", "-p", &run_dir, "--format", "model", "-o", &path, "--force", "--json"];
        let said = output(root, program, &[&words, more].concat())?;
        Ok::<Value, anyhow::Error>(serde_json::from_str(&said)?)
    };
    let title = run.file_name().map_or_else(|| run_dir.clone(), |name| name.to_string_lossy().into_owned());
    // The names of the files hold no letter that an address would have to escape.
    let file = format!("run-{number}.safetensors");
    let best = export(&file, &[])?;
    say(&format!("{run_dir}: epoch {}", best["epoch"]));
    let mut epochs = Vec::new();
    for epoch in best["kept_epochs"].as_array().into_iter().flatten() {
        let file = format!("run-{number}-epoch-{epoch}.safetensors");
        export(&file, &["--epoch", &epoch.to_string()])?;
        epochs.push(json!({ "epoch": epoch, "file": file }));
    }
    Ok(json!({ "file": file, "title": title, "epochs": epochs }))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| path.display().to_string())
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    let path = folder.join(name);
    fs::write(&path, bytes).with_context(|| path.display().to_string())
}
