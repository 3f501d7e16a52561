//! Tests the page as people use it: in headless Chromium, with mouse, finger and keyboard.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::command::{cargo, output, say};
use crate::pages::site::{self, WebArgs};
use crate::python::run_visibly;

/// The first test images of MNIST, and the bytes of a file before them.
const IMAGES: usize = 1000;
const PIXELS: usize = 28 * 28;
const HEADER: usize = 16;

#[derive(Debug, clap::Args)]
pub(crate) struct PageTestArgs {
    #[command(flatten)]
    web: WebArgs,
    /// Test the folder as it is, without building it.
    #[arg(long)]
    as_it_is: bool,
    #[arg(long, default_value = "/usr/bin/chromium")]
    chromium: PathBuf,
    /// Where pictures of the page go.
    #[arg(long, value_name = "DIR", default_value = "target/page-test/pictures")]
    pictures: PathBuf,
    /// Draw every fifth of the drawings only.
    #[arg(long)]
    short: bool,
    /// Only these groups of checks, with commas between them.
    #[arg(long, value_name = "NAMES")]
    only: Option<String>,
}

pub(crate) fn run(root: &Path, data: &Path, args: &PageTestArgs) -> Result<()> {
    if !args.as_it_is {
        site::run(root, &args.web)?;
    }
    let place = root.join("target/page-test");
    install(root, &place)?;
    let folder = root.join(args.web.folder());
    if args.only.is_none() {
        same_bits(root, data, &folder, &place)?;
    }
    let [folder, pictures, modules, chromium] =
        [&folder, &root.join(&args.pictures), &place.join("node_modules"), &args.chromium]
            .map(|path| path.display().to_string());
    let mut words = vec!["crates/web/tests/main.mjs", "--site", &folder, "--chromium", &chromium];
    words.extend(["--modules", &modules, "--screenshots", &pictures]);
    if let Some(only) = &args.only {
        words.extend(["--only", only]);
    }
    if args.short {
        words.push("--short");
    }
    run_visibly(root, "node", &words).context("the page's tests")
}

/// Installs what drives and checks the page, with the versions that the tests name.
fn install(root: &Path, place: &Path) -> Result<()> {
    fs::create_dir_all(place)?;
    for name in ["package.json", "package-lock.json"] {
        let from = root.join("crates/web/tests").join(name);
        fs::copy(&from, place.join(name)).with_context(|| from.display().to_string())?;
    }
    let place = place.display().to_string();
    run_visibly(root, "npm", &["ci", "--silent", "--no-fund", "--no-audit", "--prefix", &place])
        .context("npm is needed (on Debian, the package npm)")
}

/// Compares the bits of the browser's logits with those of the program without vector instructions.
fn same_bits(root: &Path, data: &Path, folder: &Path, place: &Path) -> Result<()> {
    let [images, browser, program, model, wasm] = [
        place.join("images.bin"),
        place.join("browser.bin"),
        place.join("program.bin"),
        folder.join("digits.safetensors"),
        folder.join("engine.wasm"),
    ]
    .map(|path| path.display().to_string());
    let test = data.join("mnist/t10k-images-idx3-ubyte");
    let bytes = fs::read(&test)
        .with_context(|| format!("{}; get it with `cargo xtask download-data`", test.display()))?;
    let pixels = bytes.get(HEADER..HEADER + IMAGES * PIXELS).context("fewer than 1,000 test images")?;
    fs::write(&images, pixels)?;
    let bits = ["crates/web/tests/bits.mjs", &wasm, &model, &images, &browser];
    say(output(root, "node", &bits)?.trim());
    let words = format!("run -q --locked -p web --example logits -- {model} {images} {program}");
    cargo(root, &[("MNIST_CNN_SIMD", "portable")], &words)?;
    let [browser, program] = [fs::read(&browser)?, fs::read(&program)?];
    ensure!(program.len() == IMAGES * 10 * size_of::<f32>(), "{} bytes of logits", program.len());
    ensure!(browser == program, "the browser's logits have other bits than the program's");
    say(&format!("the logits of {IMAGES} images have the program's bits (MNIST_CNN_SIMD=portable)"));
    Ok(())
}
