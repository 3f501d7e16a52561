//! Shared parts of the tests: an observer that keeps everything in memory, and small training tasks.

use std::io;

use dataset::idx::{Images, Labels};
use dataset::{Name, Subset, TestSet, TrainSet, ValidationSet, load};
use learner::Observer;
use learner::config::{Schedule, TrainConfig};
use learner::exchange::{Alone, Exchange, Placement};
use learner::train::FitError;
use learner::train::fit::{Outcome, fit};
use learner::train::state::{Best, Snapshot};
use model::device::{self, Backend};
use network::config::{ModelConfig, UnitConfig};
use network::{Architecture, NamedTensors};
use run_files::{EpochEvent, Event, StepEvent};

/// An observer that keeps the events and snapshots of a run in memory.
#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) events: Vec<Event>,
    pub(crate) snapshots: Vec<Snapshot>,
    /// Number of steps that were done before, if the run was resumed.
    pub(crate) resumed_at: Option<usize>,
    /// Number of steps that were observed.
    steps: usize,
    /// The run is stopped after this number of steps.
    stop_after: Option<usize>,
}

impl Observer for Memory {
    fn step(&mut self) {
        self.steps += 1;
    }

    fn stop_requested(&self) -> bool {
        // The loop calls this while a step is under way. That step is then the last one.
        self.stop_after.is_some_and(|steps| self.steps + 1 >= steps)
    }

    fn resumed(&mut self, step: usize) {
        self.resumed_at = Some(step);
    }

    fn event(&mut self, event: &Event) -> io::Result<()> {
        self.events.push(*event);
        Ok(())
    }

    fn checkpoint(&mut self, snapshot: &Snapshot) -> io::Result<()> {
        self.snapshots.push(snapshot.clone());
        Ok(())
    }
}

impl Memory {
    pub(crate) fn weights(&self) -> &NamedTensors {
        &self.snapshots.last().expect("a snapshot at the end of the last epoch").weights
    }

    pub(crate) fn epochs(&self) -> Vec<&EpochEvent> {
        let events = self.events.iter();
        events.filter_map(|event| if let Event::Epoch(epoch) = event { Some(epoch) } else { None }).collect()
    }

    pub(crate) fn steps(&self) -> Vec<&StepEvent> {
        let events = self.events.iter();
        events.filter_map(|event| if let Event::Step(step) = event { Some(step) } else { None }).collect()
    }
}

/// A training task: images to train and to validate on, and a network.
pub(crate) struct Task {
    pub(crate) train: TrainSet,
    pub(crate) validation: ValidationSet,
    pub(crate) architecture: Architecture,
}

impl Task {
    /// Trains on a backend without a stop. The memory holds the events and snapshots even if training failed.
    pub(crate) fn fit(&self, config: &TrainConfig, backend: Backend) -> (Memory, Result<Best, FitError>) {
        let (memory, result) = self.fit_from(config, backend, None, None);
        let finished = |outcome| match outcome {
            Outcome::Finished(best) => best,
            Outcome::Stopped(state) => panic!("stopped without a request at {state:?}"),
        };
        (memory, result.map(finished))
    }

    /// Trains from a snapshot or from the beginning, and stops after `stop_after` steps if it is given.
    pub(crate) fn fit_from(
        &self,
        config: &TrainConfig,
        backend: Backend,
        from: Option<Snapshot>,
        stop_after: Option<usize>,
    ) -> (Memory, Result<Outcome, FitError>) {
        self.fit_with(config, backend, from, stop_after, &Alone)
    }

    /// The same as one of several processes.
    pub(crate) fn fit_with(
        &self,
        config: &TrainConfig,
        backend: Backend,
        from: Option<Snapshot>,
        stop_after: Option<usize>,
        exchange: &dyn Exchange,
    ) -> (Memory, Result<Outcome, FitError>) {
        let device = device::open(Some(backend)).unwrap().device;
        let mut memory = Memory { stop_after, ..Memory::default() };
        let Self { architecture, train, validation } = self;
        let placement = Placement { device: &device, exchange };
        let result = fit(architecture, config, train, validation, placement, from, &mut memory);
        (memory, result)
    }
}

/// The fastest CPU backend of this build.
pub(crate) fn cpu() -> Backend {
    *Backend::COMPILED.iter().find(|backend| **backend != Backend::Wgpu).unwrap()
}

/// A network of two small units, so that training is quick on every backend.
pub(crate) fn small_network() -> ModelConfig {
    let unit = |filters| UnitConfig { filters, kernel_size: 3, ..UnitConfig::default() };
    ModelConfig { units: vec![unit(4), unit(8)], ..ModelConfig::default() }
}

pub(crate) fn sample_test() -> TestSet {
    load::load_test(Name::SAMPLE, "".as_ref()).unwrap()
}

/// The pixels and labels of the first `count` images.
fn first(images: &Subset, count: usize) -> (Vec<u8>, Vec<u8>) {
    let pixels = (0..count).flat_map(|i| images.image(i).to_vec()).collect();
    (pixels, (0..count).map(|i| images.label(i)).collect())
}

/// A task on the sample: the first `train` digits of its training file to train on, and the first
/// `validation` digits of its test file to validate on.
pub(crate) fn digits(train: usize, validation: usize, model: &ModelConfig) -> Task {
    let all = load::load_train(Name::SAMPLE, "".as_ref()).unwrap();
    let (mut pixels, mut labels) = first(all.subset(), train);
    let (validation_pixels, validation_labels) = first(sample_test().subset(), validation);
    pixels.extend(validation_pixels);
    labels.extend(validation_labels);
    let images = Images::new(train + validation, 28, 28, pixels).unwrap();
    let set = TrainSet::from_images(images, Labels::new(labels, 10).unwrap(), 10).unwrap();
    let (train, validation) = set.split_at(train).unwrap();
    Task { train, validation, architecture: Architecture::new(model, [1, 28, 28], 10).unwrap() }
}

/// A configuration of Adam with a constant learning rate.
pub(crate) fn training(epochs: usize, batch_size: usize, learning_rate: f64) -> TrainConfig {
    TrainConfig {
        epochs: epochs.try_into().unwrap(),
        batch_size: batch_size.try_into().unwrap(),
        learning_rate,
        schedule: Schedule::Constant,
        ..TrainConfig::default()
    }
}
