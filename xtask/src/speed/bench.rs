//! Times this project, an earlier version, PyTorch, candle and ONNX Runtime in turn, on the same network.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::contender::Contender;
use crate::command::{build_program, executable, median, output, say, times_as_long};
use crate::earlier::Before;
use crate::python::Environment;

/// What is timed, and what it is compared with.
#[derive(Debug, clap::Args)]
pub(crate) struct BenchArgs {
    /// Number of rounds; in each, all contenders get the same question in turn.
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// Threads for each contender.
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Backends of this project.
    #[arg(long, value_delimiter = ',', default_value = "ndarray,flex")]
    backends: Vec<String>,
    #[command(flatten)]
    before: Before,
    /// Make a Python environment with PyTorch and ONNX Runtime below target (about 5 GB) if it is missing.
    #[arg(long)]
    setup: bool,
    /// A Python that has them already.
    #[arg(long, value_name = "FILE")]
    python: Option<PathBuf>,
    /// Build candle's program and time it too (minutes to build, and its steps are slow).
    #[arg(long)]
    candle: bool,
    /// Time single operators as well: the unit's backward pass and convolutions without pooling.
    #[arg(long)]
    kernels: bool,
}

/// Titles and questions. Their numbers of repetitions take about the same time.
const QUESTIONS: [(&str, &str); 4] = [
    ("training step, batch 128", "step 10"),
    ("inference, batch 1", "infer 1 2000"),
    ("inference, batch 128", "infer 128 10"),
    ("inference, batch 1000", "infer 1000 2"),
];
const PACKAGES: [&str; 4] = ["torch", "numpy", "onnx", "onnxruntime"];
const PYTORCH: [&str; 2] = ["pytorch", "pytorch-channels-last"];
/// Convolutions without pooling: number of images, channels, image size, filters, kernel size, stride.
const CONVOLUTIONS: [&str; 8] = [
    "64 32 28 32 3 1",
    "64 32 14 64 5 1",
    "64 64 14 64 3 1",
    "64 64 14 128 3 1",
    "64 128 7 128 5 1",
    "64 32 28 32 3 2",
    "64 32 28 64 5 2",
    "64 64 14 128 3 2",
];

/// Appended to the backend's name, this names a contender of the earlier version.
const BEFORE: &str = ", before";

/// Medians of a question's rounds, by contender.
type Medians = BTreeMap<String, Vec<f64>>;

pub(crate) fn run(root: &Path, data: &Path, args: &BenchArgs) -> Result<()> {
    let python = python(root, args)?;
    let flags = format!("--no-default-features --features {}", args.backends.join(","));
    let before = args.before.program(root, &flags)?;
    let program = build_program(root, &flags)?;
    let threads = args.threads.to_string();
    let data_dir = data.display().to_string();
    std::fs::create_dir_all(root.join("target/bench"))?;
    let mut contenders = Vec::new();
    for backend in &args.backends {
        let words = ["bench", "--questions", "--backend", backend, "--data-dir", &data_dir];
        contenders.push(Contender::start(root, backend, &program, &words, args.threads)?);
        if let Some(before) = &before {
            let name = format!("{backend}{BEFORE}");
            contenders.push(Contender::start(root, &name, before, &words, args.threads)?);
        }
    }
    if let Some(python) = &python {
        for name in PYTORCH.into_iter().chain(["onnxruntime"]) {
            let words = ["xtask/bench/contender.py", name, &data_dir, &threads];
            contenders.push(Contender::start(root, name, python, &words, args.threads)?);
        }
    }
    if args.candle {
        let candle = build_candle(root)?;
        contenders.push(Contender::start(root, "candle", &candle, &[&data_dir], args.threads)?);
    }
    for (title, question) in QUESTIONS {
        let asks = |c: &Contender| c.trains || !question.starts_with("step");
        let medians = ask_in_turn(&mut contenders, args.rounds, |c| asks(c).then(|| question.to_owned()))?;
        print(title, &medians);
    }
    drop(contenders);
    if args.kernels {
        let Some(python) = python else { bail!("--kernels compares with PyTorch: add --setup") };
        kernels(root, &data_dir, &python, args)?;
    }
    Ok(())
}

/// The unit's backward pass on the same numbers from the middle of training, and convolutions.
fn kernels(root: &Path, data_dir: &str, python: &str, args: &BenchArgs) -> Result<()> {
    let arguments = "build -p kernels -p cli --example timing --message-format json-render-diagnostics";
    let messages = output(root, "cargo", &arguments.split(' ').collect::<Vec<_>>())?;
    let timing = executable(&messages).context("cargo named no executable")?;
    let threads = args.threads.to_string();
    let unit = root.join("target/bench/unit.f32").display().to_string();
    let mut contenders = Vec::new();
    for name in PYTORCH {
        let words = ["xtask/bench/contender.py", name, data_dir, &threads];
        contenders.push(Contender::start(root, name, python, &words, args.threads)?);
        contenders.last_mut().context("one was pushed")?.ask(&format!("save {unit}"))?;
    }
    contenders.insert(0, Contender::start(root, "kernels", &timing, &[], args.threads)?);
    let medians = ask_in_turn(&mut contenders, args.rounds, |_| Some(format!("unit-backward {unit} 10")))?;
    print("backward pass of the second unit", &medians);
    for convolution in CONVOLUTIONS {
        for pass in ["forward", "backward"] {
            let question = format!("conv-{pass} {convolution} 20");
            let medians = ask_in_turn(&mut contenders, args.rounds, |_| Some(question.clone()))?;
            let [n, channels, size, filters, kernel, stride] = convolution.split(' ').collect::<Vec<_>>()[..]
            else {
                bail!("{convolution:?} does not describe a convolution");
            };
            let title = format!(
                "{pass} {kernel}x{kernel} stride {stride}, {n}x{channels}x{size}x{size} to {filters} filters"
            );
            print(&title, &medians);
        }
    }
    Ok(())
}

/// Asks each contender once a round, so that a machine that becomes slower affects all of them. Every other
/// round has the opposite order, so that no contender always follows the same one.
fn ask_in_turn(
    contenders: &mut [Contender],
    rounds: usize,
    question: impl Fn(&Contender) -> Option<String>,
) -> Result<Medians> {
    let mut medians = Medians::new();
    for _ in 0..rounds.max(1) {
        contenders.reverse();
        for contender in contenders.iter_mut() {
            if let Some(question) = question(contender) {
                // The threads of ONNX Runtime and OpenMP keep spinning for a while after their work.
                std::thread::sleep(Duration::from_millis(300));
                let ms = contender.ask(&question)?;
                medians.entry(contender.name.clone()).or_default().push(median(ms));
            }
        }
    }
    Ok(medians)
}

/// Prints a line for each contender: its median, and how it compares with each of our backends, round by
/// round.
fn print(title: &str, medians: &Medians) {
    say(&format!("\n{title}"));
    for (name, ms) in medians {
        let mut line = format!("  {name:22} {:9.3} ms", median(ms.clone()));
        if let Some(backend) = name.strip_suffix(BEFORE) {
            if let Some(now) = medians.get(backend) {
                line += &format!("   now {}", times_as_long(now, ms));
            }
        } else if is_other_library(name) {
            for (ours, own) in
                medians.iter().filter(|(ours, _)| !is_other_library(ours) && !ours.ends_with(BEFORE))
            {
                let ratios: Vec<f64> = ms.iter().zip(own).map(|(theirs, own)| theirs / own).collect();
                line += &format!("   {ours} is {:.2} times as fast", median(ratios));
            }
        }
        say(&line);
    }
}

fn is_other_library(name: &str) -> bool {
    PYTORCH.contains(&name) || ["onnxruntime", "candle"].contains(&name)
}

/// A Python with PyTorch and ONNX Runtime, if there is one or `--setup` asks to make one.
fn python(root: &Path, args: &BenchArgs) -> Result<Option<String>> {
    if let Some(python) = &args.python {
        return Ok(Some(python.display().to_string()));
    }
    let packages = PACKAGES.map(str::to_owned).to_vec();
    let environment = Environment::new(root.join("target/bench/python"), packages);
    if !environment.is_ready() {
        if !args.setup {
            say("without --setup there is no PyTorch or ONNX Runtime to compare with");
            return Ok(None);
        }
        environment.make(root)?;
    }
    Ok(Some(environment.python()))
}

/// Builds candle's program, which has a workspace of its own because nothing else here needs candle.
fn build_candle(root: &Path) -> Result<String> {
    say("building candle's program");
    let arguments = "build --release --manifest-path xtask/bench/candle/Cargo.toml --target-dir target/bench/candle --message-format json-render-diagnostics";
    let messages = output(root, "cargo", &arguments.split(' ').collect::<Vec<_>>())?;
    executable(&messages).context("cargo named no executable")
}
