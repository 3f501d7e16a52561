//! `bench`: measures how long a training step and an inference take on this machine.

use std::io::{self, BufRead};
use std::num::NonZeroUsize;
use std::time::Instant;

use burn::tensor::Device;
use learner::config::TrainConfig;
use learner::random::{Stream, generator};
use learner::run::data::TrainingData;
use learner::run::hardware;
use learner::train::fit::{Outcome, fit};
use learner::train::observer::Observer;
use learner::train::state::Snapshot;
use model::device::{self, Opened};
use model::{Cnn, input};
use network::Architecture;
use run_files::Event;
use serde::Serialize;

use crate::args::BenchArgs;
use crate::commands::checks;
use crate::exit::{note, print};
use crate::paths::{data_dir, read_config};
use crate::ui::download_bar;

/// Steps before the first one that is timed. In the first hundred, gradients change a lot, and the work of a
/// step changes with them.
const WARM_UP: usize = 200;
/// What is timed without `--questions`: long enough for a median, short enough to wait for.
const QUESTIONS: [&str; 4] = ["step 100", "infer 1 300", "infer 128 20", "infer 1000 5"];

/// What to time, and how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Question {
    /// `step TIMES`: training steps.
    Step { times: usize },
    /// `infer BATCH TIMES`: the logits of `batch` images.
    Infer { batch: usize, times: usize },
}

/// Milliseconds of each repetition.
#[derive(Debug, Serialize)]
struct Times {
    ms: Vec<f64>,
}

pub(crate) fn run(args: &BenchArgs) -> anyhow::Result<()> {
    let config = read_config(&args.config)?;
    let opened = device::open(args.backend.requested())?;
    let data = TrainingData::fetch(&config, &data_dir(&args.data_dir), &mut download_bar::listener())?;
    checks::check_memory(&config, &opened, &data, args.memory.force)?;
    let architecture = config.architecture();
    let TrainingData { train, validation, .. } = &data;
    let mut timer = Timer::new(architecture, &opened, args.questions)?;
    note(&format!(
        "{} on {}: {WARM_UP} training steps first, so that weights and gradients are those of real training",
        opened.backend.name(),
        hardware(&opened)
    ));
    // A run on few images is through before the last question, so it goes on with more epochs.
    let mut settings = TrainConfig { patience: 0, ..config.train().clone() };
    let two = NonZeroUsize::MIN.saturating_add(1);
    loop {
        let resume = timer.snapshot.take();
        let outcome = fit(architecture, &settings, train, validation, &opened.device, resume, &mut timer)?;
        if let Some(error) = timer.failure {
            return Err(error);
        }
        if timer.is_done || matches!(outcome, Outcome::Stopped(_)) {
            return Ok(());
        }
        settings.epochs = settings.epochs.saturating_mul(two);
    }
}

/// Observes a run, and between two steps times what the questions name. It stops the run after the last one.
struct Timer {
    questions: Box<dyn Iterator<Item = io::Result<String>>>,
    /// Whether times are printed as JSON for a program, or as lines for people.
    prints_json: bool,
    model: Cnn,
    device: Device,
    image: [usize; 2],
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
    began: Instant,
}

impl Timer {
    fn new(architecture: &Architecture, opened: &Opened, prints_json: bool) -> anyhow::Result<Self> {
        let weights = architecture.initial_tensors(&mut generator(1, Stream::Weights, 0, 0));
        let questions: Box<dyn Iterator<Item = io::Result<String>>> = if prints_json {
            Box::new(io::stdin().lock().lines())
        } else {
            Box::new(QUESTIONS.iter().map(|question| Ok((*question).to_owned())))
        };
        let input = architecture.input();
        Ok(Self {
            questions,
            prints_json,
            model: Cnn::new(architecture, &weights, &opened.device)?,
            device: opened.device.clone(),
            image: [input.height, input.width],
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
        for line in self.questions.by_ref() {
            let line = line?;
            match parse(&line)? {
                Question::Step { times } => {
                    self.step = Some(Timing { times, ms: Vec::new(), began: Instant::now() });
                    return Ok(());
                }
                Question::Infer { batch, times } => {
                    let ms = infer(&self.model, self.image, &self.device, batch, times);
                    print_times(self.prints_json, &format!("{batch} images"), batch, ms)?;
                }
            }
        }
        self.is_done = true;
        Ok(())
    }

    fn after_step(&mut self) -> anyhow::Result<()> {
        if let Some(timing) = &mut self.step {
            timing.ms.push(1e3 * timing.began.elapsed().as_secs_f64());
            timing.began = Instant::now();
            if timing.ms.len() < timing.times {
                return Ok(());
            }
            let ms = std::mem::take(&mut timing.ms);
            self.step = None;
            print_times(self.prints_json, "a training step", self.batch_size, ms)?;
        }
        self.next_question()
    }
}

impl Observer for Timer {
    fn step(&mut self) {
        self.steps += 1;
        if self.steps >= WARM_UP && !self.stop_requested() {
            self.failure = self.after_step().err();
        }
    }

    fn event(&mut self, event: &Event) -> io::Result<()> {
        if let Event::Start(start) = event {
            self.batch_size = start.batch_size;
        }
        Ok(())
    }

    fn checkpoint(&mut self, snapshot: &Snapshot) -> io::Result<()> {
        self.snapshot = Some(snapshot.clone());
        // The validation and the snapshot before this are not part of the next step.
        if let Some(timing) = &mut self.step {
            timing.began = Instant::now();
        }
        Ok(())
    }

    fn stop_requested(&self) -> bool {
        self.is_done || self.failure.is_some()
    }
}

fn parse(line: &str) -> anyhow::Result<Question> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let number = |word: &str| word.parse().ok().filter(|n| (1..=1_000_000).contains(n));
    match words[..] {
        ["step", times] => number(times).map(|times| Question::Step { times }),
        ["infer", batch, times] => {
            number(batch).zip(number(times)).map(|(batch, times)| Question::Infer { batch, times })
        }
        _ => None,
    }
    .ok_or_else(|| anyhow::anyhow!("found {line:?}, expected `step TIMES` or `infer BATCH TIMES`"))
}

/// Times the logits of `batch` images, from their bytes to numbers on the host.
fn infer(model: &Cnn, [height, width]: [usize; 2], device: &Device, batch: usize, times: usize) -> Vec<f64> {
    let pixels: Vec<u8> = (0..batch * height * width).map(|i| (i * 37 % 256) as u8).collect();
    let run = || {
        let began = Instant::now();
        model.forward(input::to_input(&pixels, batch, height, width, device)).into_data();
        1e3 * began.elapsed().as_secs_f64()
    };
    // The first run allocates memory and compiles a GPU's kernels, so it is not timed.
    run();
    (0..times).map(|_| run()).collect()
}

fn print_times(prints_json: bool, what: &str, images: usize, ms: Vec<f64>) -> anyhow::Result<()> {
    if prints_json {
        return print(&(serde_json::to_string(&Times { ms })? + "\n"));
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
    fn questions_are_parsed_and_others_refused() {
        assert_eq!(parse("step 3").unwrap(), Question::Step { times: 3 });
        assert_eq!(parse(" infer 128  2\n").unwrap(), Question::Infer { batch: 128, times: 2 });
        for line in ["", "step", "step 0", "step x", "infer 1", "infer 1 0", "infer 1 2 3", "leave"] {
            assert!(parse(line).is_err(), "{line}");
        }
        for question in QUESTIONS {
            parse(question).unwrap();
        }
    }
}
