//! Measures how fast images of one's own are read and imported, and how much memory a large one takes.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use dataset::{Name, Subset};

use crate::command::{build_program, median, say};

/// What is timed.
#[derive(Debug, clap::Args)]
pub(crate) struct ImagesArgs {
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How many training images are written as PNG files in class folders and imported. All test images are as well.
    #[arg(long, value_name = "N", default_value_t = 60_000)]
    imported: usize,
}

/// How many images of 28x28 `predict` is given at once.
const READ: usize = 1000;
/// A page of digits as an RGB image: its name, height and width, and between how many levels its noise is drawn.
type Page = (&'static str, [usize; 2], usize);
/// A photograph of 12 megapixels, and a clean scan that has nearly as many pixels as are read.
const PAGES: [Page; 2] = [("photograph", [3000, 4000], 9), ("scan", [7900, 8000], 1)];
/// A digit's pixels on the photograph for each of its own.
const ENLARGED: usize = 16;

pub(crate) fn run(root: &Path, data: &Path, args: &ImagesArgs) -> Result<()> {
    let program = build_program(root, "")?;
    let folder = root.join("target/images");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let test = dataset::load::load_test(Name::MNIST, data)?;
    let digits = test.subset();

    let small = folder.join("small");
    write_digits(&small, digits, READ.min(digits.len()))?;
    let rates = (0..args.rounds.max(1))
        .map(|_| Ok(READ.min(digits.len()) as f64 / predict(&program, &small)?.seconds));
    let rate = median(rates.collect::<Result<_>>()?);
    say(&format!("predict, {READ} PNG files of 28x28: {rate:.0} images/s, with the start of the process"));

    for (name, size, noise) in PAGES {
        let file = folder.join(format!("{name}.png"));
        write_page(&file, size, noise, digits)?;
        let runs = (0..args.rounds.max(1)).map(|_| predict(&program, &file)).collect::<Result<Vec<_>>>()?;
        let memory = runs.iter().filter_map(|run| run.memory).max();
        say(&format!(
            "predict, a {name} of {:.0} megapixels, RGB: {:.2} s, peak memory {}",
            (size[0] * size[1]) as f64 / 1e6,
            median(runs.iter().map(|run| run.seconds).collect()),
            memory.map_or("unknown".into(), |bytes| format!("{:.0} MiB", bytes as f64 / f64::from(1 << 20)))
        ));
    }

    let train = dataset::load::load_train(Name::MNIST, data)?;
    let source = folder.join("source");
    write_digits(&source.join("train"), train.subset(), args.imported.min(train.subset().len()))?;
    write_digits(&source.join("test"), digits, digits.len())?;
    let files = args.imported.min(train.subset().len()) + digits.len();
    let words = |path: &Path| path.display().to_string();
    let (from, into) = (words(&source), words(&folder.join("data")));
    let words = ["data", "import", "--name", "images", "--from", &from, "--data-dir", &into, "--replace"];
    let runs = (0..args.rounds.max(1)).map(|_| Ok(timed(&program, &words)?.seconds));
    let seconds = median(runs.collect::<Result<_>>()?);
    say(&format!("data import, {files} PNG files in class folders: {seconds:.1} s"));
    Ok(fs::remove_dir_all(&folder)?)
}

/// What a process took.
struct Run {
    seconds: f64,
    /// The most bytes it had, where the system tells.
    memory: Option<u64>,
}

fn predict(program: &str, images: &Path) -> Result<Run> {
    timed(program, &["predict", "--json", &images.display().to_string()])
}

/// Runs the program to its end.
fn timed(program: &str, words: &[&str]) -> Result<Run> {
    let began = Instant::now();
    let mut child = Command::new(program)
        .args(words)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("the program could not be started")?;
    let status = PathBuf::from(format!("/proc/{}/status", child.id()));
    let watcher = thread::spawn(move || {
        let mut most = None;
        // A process that has ended has no such line any more.
        while let Some(bytes) = peak_memory(&status) {
            most = Some(bytes);
            thread::sleep(Duration::from_millis(2));
        }
        most
    });
    let output = child.wait()?;
    let seconds = began.elapsed().as_secs_f64();
    ensure!(output.success(), "{program} {} failed: {output}", words.join(" "));
    Ok(Run { seconds, memory: watcher.join().ok().flatten() })
}

/// The most bytes that a process has had, where Linux tells.
fn peak_memory(status: &Path) -> Option<u64> {
    let text = fs::read_to_string(status).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? << 10)
}

/// Writes the first images of a set as PNG files, each into the folder of its class.
fn write_digits(folder: &Path, images: &Subset, count: usize) -> Result<()> {
    for class in 0..10 {
        fs::create_dir_all(folder.join(class.to_string()))?;
    }
    for i in 0..count {
        let file = folder.join(images.label(i).to_string()).join(format!("{i}.png"));
        write_png(&file, [images.height(), images.width()], png::ColorType::Grayscale, images.image(i))?;
    }
    Ok(())
}

/// Writes a page of digits that looks photographed: light from one side, and a camera's noise in each colour.
fn write_page(file: &Path, [height, width]: [usize; 2], noise: usize, digits: &Subset) -> Result<()> {
    let side = ENLARGED * digits.width();
    let across = width / side;
    let mut random = fastrand::Rng::with_seed(1);
    let mut pixels = Vec::with_capacity(3 * height * width);
    for y in 0..height {
        for x in 0..width {
            // Digits in every third row and column, so that the page is not full.
            let is_written = y / side % 3 == 1 && x / side % 3 == 1;
            let digit = digits.image((y / side * across + x / side) % digits.len());
            let ink = match is_written {
                true => digit[y % side / ENLARGED * digits.width() + x % side / ENLARGED],
                false => 0,
            };
            let light = 150 + 90 * x / width;
            let tone = light * (255 - usize::from(ink) * 3 / 4) / 255;
            pixels.extend([0, 4, 12].map(|tint| (tone + random.usize(..noise) - tint.min(tone)) as u8));
        }
    }
    write_png(file, [height, width], png::ColorType::Rgb, &pixels)
}

fn write_png(file: &Path, [height, width]: [usize; 2], colour: png::ColorType, pixels: &[u8]) -> Result<()> {
    let out = BufWriter::new(File::create(file).with_context(|| file.display().to_string())?);
    let mut encoder = png::Encoder::new(out, u32::try_from(width)?, u32::try_from(height)?);
    encoder.set_color(colour);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fastest);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    Ok(writer.finish()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_knows_its_peak_memory() {
        let held = vec![1_u8; 50 << 20];
        let most = peak_memory(Path::new("/proc/self/status")).unwrap();
        assert!(most > 50 << 20 && held.iter().all(|byte| *byte == 1), "{most}");
        assert_eq!(peak_memory(Path::new("/proc/none/status")), None);
    }
}
