//! The project's chores: a dispatcher, one file a task.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use agreement::{backends, functions, reference, same_as, same_bits};
use clap::Parser;
use pages::{page_test, report, site};
use predicting::{builtin, prepared, wild};
use robustness::{crash, fuzz, machines, neon, sanitize, serve};
use speed::{bench, epoch, images, launches, memory, profiles, test_time};

mod agreement;
mod ci;
mod command;
mod download_data;
mod earlier;
mod pages;
mod predicting;
mod python;
mod robustness;
mod sample;
mod seeds;
mod speed;
mod tidy;

/// The project's chores.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Task {
    /// Download and verify a data set into `data` (or `MNIST_CNN_DATA`).
    DownloadData {
        /// mnist or fashion-mnist.
        #[arg(default_value_t = dataset::catalog::Entry::Mnist)]
        dataset: dataset::catalog::Entry,
        /// Take the files (raw or .gz) from this directory instead of the network.
        #[arg(long, value_name = "DIR")]
        from: Option<PathBuf>,
    },
    /// Make the built-in sample again from downloaded MNIST.
    Sample,
    /// Train the model that comes with the program anew, compare its bytes, and tell its figures (minutes).
    Builtin(builtin::BuiltinArgs),
    /// Check the rules of ARCHITECTURE.md that a program can check.
    Tidy,
    /// What has to pass before a change is taken; `.ci/run` does more.
    Ci(ci::CiArgs),
    /// Train and test a configuration with several seeds; print the mean and its spread.
    Seeds(seeds::SeedsArgs),
    /// Test one run on several backends and compare logits and predictions.
    Backends {
        /// Directory of the run.
        #[arg(short = 'p', long)]
        run_dir: PathBuf,
        /// The first is compared with each of the others.
        #[arg(default_values = ["ndarray", "flex"])]
        backends: Vec<String>,
    },
    /// Time training steps and inference, in turn with an earlier version, TensorFlow, PyTorch and other peers.
    Bench(bench::BenchArgs),
    /// Compare what this program does with what an earlier one does: bits, files, flags, exit codes.
    SameAs(same_as::SameAsArgs),
    /// Train networks on every vector level, CPU backend and number of threads, and compare the weights' bits.
    SameBits(same_bits::SameBitsArgs),
    /// Check the kernels' functions for all 2^32 inputs on each level against double precision (minutes).
    Functions,
    /// Compare metrics and event files with scikit-learn, scipy, numpy and TensorBoard, and exported models with
    /// ONNX Runtime and PyTorch.
    Reference(reference::ReferenceArgs),
    /// Kill, interrupt, starve and race runs, and count what was lost.
    Crash(crash::CrashArgs),
    /// Feed a million mutated files of each kind to what reads them.
    Fuzz(fuzz::FuzzArgs),
    /// Measure and attack `serve`: rate beside FastAPI, slow clients, overflow, its end, schemathesis, nginx.
    Serve(serve::ServeArgs),
    /// Train by several processes and machines: MPI, sweeps, Slurm, GNU parallel, Optuna; bits, kills, refusals, times.
    Machines(machines::MachinesArgs),
    /// Run the kernels' tests under AddressSanitizer (x86-64 Linux; builds everything anew).
    Sanitize,
    /// Run the kernels' tests with NEON under qemu (needs the standard library of 64-bit ARM; see docs/numerics.md).
    Neon,
    /// Compare a whole epoch of `train` with its bare steps, and tell its peak memory.
    Epoch(epoch::EpochArgs),
    /// Time `predict` and `data import` on images that were written as files, and tell the memory of a large one.
    Images(images::ImagesArgs),
    /// Compare the estimate of the memory that training takes with what it takes, for networks of many kinds.
    Memory(memory::MemoryArgs),
    /// Count the kernels that a training step of each configuration starts on wgpu.
    Launches(launches::LaunchesArgs),
    /// Compare `test` on MNIST, from the process's start to the table, with the bare inference.
    TestTime(test_time::TestTimeArgs),
    /// Open a run's page in headless Chromium, offline, 390 and 1280 pixels wide.
    Page {
        file: PathBuf,
        #[arg(long, default_value = "chromium")]
        browser: String,
    },
    /// Build the page that reads digits into `target/web`, a folder for any file host.
    Web(site::WebArgs),
    /// Draw on that page in headless Chromium, with mouse, finger and keyboard, and check what it says.
    PageTest(page_test::PageTestArgs),
    /// Let `predict` read MNIST's test images that are scaled, moved, inverted, coloured, transparent, turned.
    Prepared(prepared::PreparedArgs),
    /// Let `predict` read a folder of labelled images, and count what is right.
    Wild(wild::WildArgs),
    /// Compare the training speed of `cargo run` and `cargo run --release`, in turn.
    Profiles {
        #[arg(long, default_value_t = 5)]
        pairs: usize,
    },
}

fn main() -> ExitCode {
    let result = match Task::parse() {
        Task::DownloadData { dataset, from } => download_data::run(dataset, from.as_deref(), &data_dir()),
        Task::Sample => sample::run(&data_dir(), &root().join("crates/dataset/sample")),
        Task::Builtin(args) => builtin::run(root(), &data_dir(), &args),
        Task::Tidy => tidy::run(root()),
        Task::Ci(args) => ci::run(root(), &args),
        Task::Seeds(args) => seeds::run(root(), &args),
        Task::Backends { run_dir, backends } => backends::run(root(), &run_dir, &backends),
        Task::Bench(args) => bench::run(root(), &data_dir(), &args),
        Task::SameAs(args) => same_as::run(root(), &args),
        Task::SameBits(args) => same_bits::run(root(), &data_dir(), &args),
        Task::Functions => functions::run(root()),
        Task::Reference(args) => reference::run(root(), &data_dir(), &args),
        Task::Crash(args) => crash::run(root(), &args),
        Task::Fuzz(args) => fuzz::run(root(), &args),
        Task::Serve(args) => serve::run(root(), &args),
        Task::Machines(args) => machines::run(root(), &data_dir(), &args),
        Task::Sanitize => sanitize::run(root()),
        Task::Neon => neon::run(root()),
        Task::Epoch(args) => epoch::run(root(), &data_dir(), &args),
        Task::Images(args) => images::run(root(), &data_dir(), &args),
        Task::Memory(args) => memory::run(root(), &data_dir(), &args),
        Task::Launches(args) => launches::run(root(), &args),
        Task::TestTime(args) => test_time::run(root(), &data_dir(), &args),
        Task::Page { file, browser } => report::run(root(), &file, &browser),
        Task::Web(args) => site::run(root(), &args),
        Task::PageTest(args) => page_test::run(root(), &data_dir(), &args),
        Task::Prepared(args) => prepared::run(root(), &data_dir(), &args),
        Task::Wild(args) => wild::run(root(), &args),
        Task::Profiles { pairs } => profiles::run(root(), pairs),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            command::say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// The workspace, wherever the command was typed.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

fn data_dir() -> PathBuf {
    std::env::var_os("MNIST_CNN_DATA").map_or_else(|| root().join("data"), PathBuf::from)
}
