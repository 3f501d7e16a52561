//! `bench`: measures how long a training step and an inference take on this machine.

use std::io::{self, BufRead};
use std::num::NonZeroUsize;
use std::time::Instant;

use burn::tensor::Device;
use dataset::TrainSet;
use inference::Inference;
use learner::Config;
use learner::config::TrainConfig;
use learner::exchange::{Alone, Placement};
use learner::run::data::{TrainingData, whole_training_set};
use learner::run::hardware;
use learner::train::fit::{Outcome, fit};
use learner::train::observer::Observer;
use learner::train::state::Snapshot;
use model::device::{Backend, Opened};
use network::Architecture;
use question::{NetworkAnswer, ParametersAnswer, Question, parse, trained_values};
use run_files::Event;
use serde::Serialize;

use crate::args::BenchArgs;
use crate::exit::{note, print};
use crate::open::checks;
use crate::open::device;
use crate::paths::{data_dir, read_config};
use crate::ui::download_bar;

mod inference;
mod question;
mod scaled;

/// Steps before the first one that is timed. In the first hundred, gradients change a lot, and the work of a
/// step changes with them.
const WARM_UP: usize = 200;
/// How many steps are timed together where the device works behind the program's back, as a GPU does: to wait for it
/// after each step would make every step slower than those of a training.
const QUEUED: usize = 10;
/// What is timed without `--questions`: long enough for a median, short enough to wait for.
const QUESTIONS: [&str; 4] = ["step 100", "infer 1 300", "infer 128 20", "infer 1000 5"];

/// Milliseconds of each repetition.
#[derive(Debug, Serialize)]
struct Times {
    ms: Vec<f64>,
}

pub(crate) fn run(args: &BenchArgs) -> anyhow::Result<()> {
    let config = read_config(&args.config, &args.data_dir)?;
    let opened = device::open(args.backend.requested())?;
    let data = training_data(args, &config)?;
    let architecture = &match args.image_size {
        None => {
            checks::check_memory(&config, &opened, &data, args.memory.force)?;
            config.architecture().clone()
        }
        Some(size) => Architecture::new(
            config.architecture().config(),
            [1, size, size],
            config.architecture().classes(),
        )?,
    };
    let TrainingData { train, validation, .. } = &data;
    let placement = Placement { device: &opened.device, exchange: &Alone };
    let mut timer = Timer::new(architecture, &opened, train, args.questions)?;
    note(&format!(
        "{} on {}: {WARM_UP} training steps first, so that weights and gradients are those of real training",
        opened.backend.name(),
        hardware(&opened)
    ));
    // A run on few images is through before the last question, so it goes on with more epochs.
    let mut settings = TrainConfig { patience: 0, ..config.train().clone() };
    let two = NonZeroUsize::MIN.saturating_add(1);
    note(&ways(architecture, opened.backend));
    loop {
        let resume = timer.snapshot.take();
        let outcome = fit(architecture, &settings, train, validation, placement, resume, &mut timer)?;
        if let Some(error) = timer.failure {
            return Err(error);
        }
        if timer.is_done || matches!(outcome, Outcome::Stopped(_)) {
            return Ok(());
        }
        settings.epochs = settings.epochs.saturating_mul(two);
    }
}

/// The parts of the network that Burn's operators compute.
fn without_kernel(architecture: &Architecture, backend: Backend) -> Vec<String> {
    match backend {
        Backend::Wgpu => architecture.parts_without_kernel_on_gpu(),
        _ => architecture.parts_without_kernel(),
    }
}

/// Which parts of the network run through the kernels of this project.
fn ways(architecture: &Architecture, backend: Backend) -> String {
    let parts = without_kernel(architecture, backend);
    let rest = match backend {
        Backend::Wgpu => "convolutions the faster of two ways",
        _ => "all else through kernels",
    };
    if parts.is_empty() {
        return "every layer runs through kernels".to_owned();
    }
    format!("through Burn's operators: {}; {rest}", parts.join(", "))
}

/// The images to train on, scaled if another size than theirs is asked for.
fn training_data(args: &BenchArgs, config: &Config) -> anyhow::Result<TrainingData> {
    let dir = data_dir(&args.data_dir);
    let mut progress = download_bar::listener();
    let Some(size) = args.image_size else { return Ok(TrainingData::fetch(config, &dir, &mut progress)?) };
    let all = whole_training_set(config.data().dataset, &dir, &mut progress)?;
    Ok(TrainingData::divide(config, scaled::scaled(&all, size)?)?)
}

/// Observes a run, and between two steps times what the questions name. It stops the run after the last one.
struct Timer<'a> {
    questions: Box<dyn Iterator<Item = io::Result<String>>>,
    /// Whether times are printed as JSON for a program, or as lines for people.
    prints_json: bool,
    architecture: Architecture,
    backend: Backend,
    inference: Inference,
    train: &'a TrainSet,
    device: Device,
    /// How many steps are timed together.
    group: usize,
    /// The mean loss of each logging window.
    losses: Vec<f64>,
    /// Number of images in a step, once the run has started.
    batch_size: usize,
    steps: usize,
    step: Option<Timing>,
    /// The newest snapshot of the run.
    snapshot: Option<Snapshot>,
    is_done: bool,
    failure: Option<anyhow::Error>,
}

/// Training steps that are being timed.
struct Timing {
    times: usize,
    ms: Vec<f64>,
    /// When the steps began that `ms` does not have yet.
    began: Instant,
    /// How many these are.
    steps: usize,
}

impl Timing {
    fn new(times: usize) -> Self {
        Self { times, ms: Vec::new(), began: Instant::now(), steps: 0 }
    }

    /// Lets the next step be the first of a group.
    fn begin_group(&mut self) {
        self.began = Instant::now();
        self.steps = 0;
    }
}

impl<'a> Timer<'a> {
    fn new(
        architecture: &Architecture,
        opened: &Opened,
        train: &'a TrainSet,
        prints_json: bool,
    ) -> anyhow::Result<Self> {
        let questions: Box<dyn Iterator<Item = io::Result<String>>> = if prints_json {
            Box::new(io::stdin().lock().lines())
        } else {
            Box::new(QUESTIONS.iter().map(|question| Ok((*question).to_owned())))
        };
        Ok(Self {
            questions,
            prints_json,
            architecture: architecture.clone(),
            backend: opened.backend,
            inference: Inference::new(architecture, opened)?,
            train,
            device: opened.device.clone(),
            group: if opened.backend == Backend::Wgpu { QUEUED } else { 1 },
            losses: Vec::new(),
            batch_size: 0,
            steps: 0,
            step: None,
            snapshot: None,
            is_done: false,
            failure: None,
        })
    }

    /// Takes questions until one needs training steps, which [`Self::after_step`] times, or none is left.
    fn next_question(&mut self) -> anyhow::Result<()> {
        while let Some(line) = self.questions.next() {
            let line = line?;
            match parse(&line)? {
                Question::Step { times } => {
                    self.device.sync()?;
                    self.step = Some(Timing::new(times));
                    return Ok(());
                }
                Question::Infer { batch, times } => {
                    let ms = self.infer(batch, times);
                    print_times(self.prints_json, &format!("{batch} images"), batch, ms)?;
                }
                Question::Network => {
                    let without_kernel = without_kernel(&self.architecture, self.backend);
                    print_json(&NetworkAnswer::new(&self.architecture, without_kernel, WARM_UP))?;
                }
                Question::Parameters => print_json(&ParametersAnswer {
                    parameters: trained_values(&self.architecture),
                    losses: &self.losses,
                })?,
            }
        }
        self.is_done = true;
        Ok(())
    }

    fn after_step(&mut self) -> anyhow::Result<()> {
        if let Some(timing) = &mut self.step {
            timing.steps += 1;
            let left = timing.times - timing.ms.len();
            if timing.steps < self.group.min(left) {
                return Ok(());
            }
            self.device.sync()?;
            let mean = 1e3 * timing.began.elapsed().as_secs_f64() / timing.steps as f64;
            timing.ms.extend(std::iter::repeat_n(mean, timing.steps));
            timing.begin_group();
            if timing.ms.len() < timing.times {
                return Ok(());
            }
            let ms = std::mem::take(&mut timing.ms);
            self.step = None;
            print_times(self.prints_json, "a training step", self.batch_size, ms)?;
        }
        self.next_question()
    }

    /// Times the logits of `batch` training images, from their bytes to numbers on the host, as `predict` and `serve` compute them.
    fn infer(&self, batch: usize, times: usize) -> Vec<f64> {
        // Images as they are trained on, because the black pixels that digits have shorten some kernels' work.
        let images = self.train.subset();
        let pixels: Vec<u8> = (0..batch).flat_map(|i| images.image(i % images.len())).copied().collect();
        let run = || {
            let began = Instant::now();
            drop(self.inference.logits(&pixels, batch));
            1e3 * began.elapsed().as_secs_f64()
        };
        // The first run allocates memory and compiles a GPU's kernels, so it is not timed.
        run();
        (0..times).map(|_| run()).collect()
    }
}

impl Observer for Timer<'_> {
    fn step(&mut self) {
        self.steps += 1;
        if self.steps >= WARM_UP && !self.stop_requested() {
            self.failure = self.after_step().err();
        }
    }

    fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::Start(start) => self.batch_size = start.batch_size,
            Event::Step(step) => self.losses.push(step.loss),
            _ => {}
        }
        Ok(())
    }

    fn checkpoint(&mut self, snapshot: &Snapshot) -> io::Result<()> {
        self.snapshot = Some(snapshot.clone());
        // The validation and the snapshot before this are not part of the next step.
        if let Some(timing) = &mut self.step {
            timing.begin_group();
        }
        Ok(())
    }

    fn stop_requested(&self) -> bool {
        self.is_done || self.failure.is_some()
    }
}

fn print_json(answer: &impl Serialize) -> anyhow::Result<()> {
    print(&(serde_json::to_string(answer)? + "\n"))
}

fn print_times(prints_json: bool, what: &str, images: usize, ms: Vec<f64>) -> anyhow::Result<()> {
    if prints_json {
        return print_json(&Times { ms });
    }
    let mut sorted = ms;
    sorted.sort_by(f64::total_cmp);
    let at = |share: f64| sorted[((sorted.len() - 1) as f64 * share).round() as usize];
    let rate = images as f64 * 1e3 / at(0.5);
    print(&format!(
        "{what:16} {:9.3} ms, middle half {:.3} to {:.3} ({} times); {rate:9.0} images/s\n",
        at(0.5),
        at(0.25),
        at(0.75),
        sorted.len()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_questions_without_a_program_are_questions() {
        for question in QUESTIONS {
            parse(question).unwrap();
        }
    }
}
