//! Whether training ends in the same bits on every vector level, CPU backend and number of threads, and after a
//! kill.
//!
//! Each network is trained for a few steps of MNIST in many ways. The levels with a fused multiply-add must end in the
//! same weights, and so must those without; docs/numerics.md says why these are two groups.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::command::{build_program, say};
use rows::{ROWS, Row};

mod rows;

/// The numbers of threads, from run to run.
const THREADS: [usize; 5] = [1, 2, 3, 4, 7];
/// Batches of two sizes, one of which leaves remainders wherever images are divided. Each has images for a few whole
/// batches; training leaves out those that fill none.
const BATCHES: [&str; 2] = ["train.batch_size=128", "train.batch_size=37"];
const IMAGES: &str = "data.train_limit=300";
/// Few images to validate, because only the training is compared.
const VALIDATION: &str = "data.validation_fraction=0.005";
/// So often a run that ended before it could be killed is begun anew.
const TRIES: usize = 5;

/// Which networks are compared, and with which program.
#[derive(Debug, clap::Args)]
pub(crate) struct SameBitsArgs {
    /// Only the networks whose names contain this.
    #[arg(long, value_name = "TEXT", default_value = "")]
    only: String,
    /// The CPU backends that are built in and compared.
    #[arg(long, value_name = "NAME", value_delimiter = ',', default_values = ["ndarray", "flex"])]
    backends: Vec<String>,
    /// The program, if it is built already, with these backends and the feature kernels/wide-level.
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
}

/// Where a run is computed.
#[derive(Clone, Debug)]
struct Place {
    level: String,
    backend: String,
    threads: usize,
}

/// What runs the networks.
struct Trials {
    program: PathBuf,
    configs: PathBuf,
    data: PathBuf,
    /// Where the runs are.
    folder: PathBuf,
    places: Vec<Place>,
}

pub(crate) fn run(root: &Path, data: &Path, args: &SameBitsArgs) -> Result<()> {
    let program = match &args.program {
        Some(program) => program.canonicalize().with_context(|| program.display().to_string())?,
        None => {
            let features: Vec<String> = args.backends.iter().map(|name| format!("cli/{name}")).collect();
            let features = features.join(",");
            build_program(root, &format!("-p kernels --features kernels/wide-level,{features}"))?.into()
        }
    };
    let folder = std::env::temp_dir().join(format!("mnist-cnn-same-bits-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let levels = levels(&program)?;
    // On this level each network's killed run goes on.
    ensure!(
        levels.iter().any(|level| level == "wide"),
        "{}: has no level `wide`; build it with --features kernels/wide-level",
        program.display()
    );
    let places = places(&levels, &args.backends);
    let trials = Trials { program, configs: root.join("configs"), data: data.to_owned(), folder, places };
    let rows: Vec<&Row> = ROWS.iter().filter(|row| row.name.contains(&args.only)).collect();
    ensure!(!rows.is_empty(), "no network's name contains {:?}", args.only);
    let mut different = Vec::new();
    for row in rows {
        if !trials.compare(row).with_context(|| row.name)? {
            different.push(row.name);
        }
    }
    ensure!(
        different.is_empty(),
        "other bits: {}; the runs are in {}",
        different.join(", "),
        trials.folder.display()
    );
    fs::remove_dir_all(&trials.folder)?;
    Ok(())
}

/// The levels that the program has on this processor, as its refusal of an unknown one lists them.
fn levels(program: &Path) -> Result<Vec<String>> {
    let output = Command::new(program)
        .args(["bench", "--set", "data.dataset=sample"])
        .env("MNIST_CNN_SIMD", "none")
        .output()
        .with_context(|| program.display().to_string())?;
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    let list = message.split_once("expected one of ").and_then(|(_, rest)| rest.split_once(", which"));
    let (list, _) = list.with_context(|| format!("the program names no levels: {message}"))?;
    Ok(list.split(", ").map(str::to_owned).collect())
}

/// Each level on each backend. The number of threads is another each time, and the first pair gets every number.
fn places(levels: &[String], backends: &[String]) -> Vec<Place> {
    let pairs: Vec<(&String, &String)> =
        levels.iter().flat_map(|level| backends.iter().map(move |backend| (level, backend))).collect();
    let fastest = pairs.iter().rev().find(|(level, _)| *level != "wide").into_iter();
    let every = fastest.flat_map(|pair| THREADS.map(|threads| (*pair, threads)));
    let each = pairs.iter().copied().zip(THREADS.into_iter().cycle());
    every
        .chain(each)
        .map(|((level, backend), threads)| Place { level: level.clone(), backend: backend.clone(), threads })
        .collect()
}

impl Trials {
    /// Trains a network in every place, and says whether the bits of each group are the same.
    fn compare(&self, row: &Row) -> Result<bool> {
        let (began, mut runs) = (Instant::now(), 0);
        let mut is_same = true;
        for batch in BATCHES {
            // From whether the level fuses to the weights, each with the places that end in them.
            let mut ends: BTreeMap<bool, BTreeMap<String, Vec<String>>> = BTreeMap::new();
            for (i, place) in self.places.iter().enumerate() {
                let run = self.folder.join(format!("{}-{batch}-{i}", row.name));
                // The first run of each network is killed, and goes on with other vectors and another backend.
                let elsewhere = self.places.iter().rfind(|place| place.level == "wide");
                let sha256 = match (i, elsewhere) {
                    (0, Some(elsewhere)) => self.killed(row, batch, [place, elsewhere], &run)?,
                    _ => self.trained(row, batch, place, &run)?,
                };
                let info: Value = serde_json::from_slice(&fs::read(run.join("run.json"))?)?;
                let is_fused = info["numerics"]["fused"].as_bool().context("run.json names no numerics")?;
                let name = format!("{} {} {}", place.level, place.backend, place.threads);
                ends.entry(is_fused).or_default().entry(sha256).or_default().push(name);
                runs += 1;
            }
            for weights in ends.values().filter(|weights| weights.len() > 1) {
                is_same = false;
                weights
                    .iter()
                    .for_each(|(sha256, places)| say(&format!("    {sha256:.12}: {}", places.join(", "))));
            }
        }
        let verdict = if is_same { "same bits" } else { "OTHER BITS" };
        say(&format!("{:<24} {verdict:<12} {runs} runs, {:.0} s", row.name, began.elapsed().as_secs_f64()));
        Ok(is_same)
    }

    fn command(&self, place: &Place, run: &Path) -> Command {
        let mut command = Command::new(&self.program);
        command
            .current_dir(&self.folder)
            .args(["train", "--json", "--backend", &place.backend, "-p"])
            .arg(run);
        command.arg("--data-dir").arg(&self.data);
        command.env("MNIST_CNN_SIMD", &place.level).env("RAYON_NUM_THREADS", place.threads.to_string());
        command
    }

    fn training(&self, row: &Row, batch: &str, place: &Place, run: &Path) -> Command {
        let mut command = self.command(place, run);
        command.arg("--config").arg(self.configs.join(row.config));
        let own = ["train.epochs=1", "data.dataset=mnist", batch, IMAGES, VALIDATION];
        command.args(row.sets.iter().chain(&own).flat_map(|set| ["--set", set]));
        command
    }

    fn trained(&self, row: &Row, batch: &str, place: &Place, run: &Path) -> Result<String> {
        weights(&mut self.training(row, batch, place, run))
    }

    /// Kills a run after its first checkpoint, and resumes it in another place.
    fn killed(&self, row: &Row, batch: &str, [place, elsewhere]: [&Place; 2], run: &Path) -> Result<String> {
        for _ in 0..TRIES {
            let mut command = self.training(row, batch, place, run);
            command
                .args(["--set", "train.checkpoint_every_steps=1"])
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            let mut child = command.spawn()?;
            let checkpoints = run.join("checkpoints");
            while child.try_wait()?.is_none()
                && !fs::read_dir(&checkpoints).is_ok_and(|mut all| all.next().is_some())
            {
                sleep(Duration::from_millis(1));
            }
            child.kill()?;
            if !child.wait()?.success() {
                return weights(self.command(elsewhere, run).arg("--resume"));
            }
            fs::remove_dir_all(run)?;
        }
        bail!("{TRIES} runs ended before they could be killed")
    }
}

/// Trains, and gives the SHA-256 of the weights.
fn weights(command: &mut Command) -> Result<String> {
    let output = command.output()?;
    ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout)?;
    Ok(report["weights_sha256"].as_str().context("train --json names no weights")?.to_owned())
}
