//! Tests that a run that was interrupted and resumed ends with the same bits as one that was not.

use dataset::Augmentation;
use learner::config::checkpoint_size;
use learner::config::{Optimizer, Schedule, TrainConfig};
use learner::train::FitError;
use learner::train::fit::Outcome;
use learner::train::state::Snapshot;
use network::{NamedTensors, TensorsError};
use run_files::Event;

use crate::learning::network_with_dropout_and_batch_statistics;
use crate::memory::{Task, cpu, digits, small_network, training};

/// Trains with an interruption after each of these numbers of steps. Returns all events and the last
/// snapshot.
fn interrupted(task: &Task, config: &TrainConfig, after: &[usize]) -> (Vec<Event>, Snapshot) {
    let (mut events, mut from) = (Vec::new(), None);
    let mut steps_before = None;
    for stop_after in after.iter().copied().map(Some).chain([None]) {
        let (memory, outcome) = task.fit_from(config, cpu(), from, stop_after);
        let last = memory.snapshots.last().unwrap().clone();
        match outcome.unwrap() {
            Outcome::Stopped(state) => {
                assert_eq!((state.step, state.epoch), (last.state.step, last.state.epoch));
            }
            Outcome::Finished(_) => assert_eq!(stop_after, None),
        }
        assert_eq!(memory.resumed_at, steps_before);
        // The start event of a resumed run is left out, as it is in `metrics.jsonl`.
        let is_repeated = |event: &Event| memory.resumed_at.is_some() && matches!(event, Event::Start(_));
        events.extend(memory.events.iter().filter(|event| !is_repeated(event)));
        steps_before = Some(last.state.step);
        from = Some(last);
    }
    (events, from.unwrap())
}

#[test]
fn every_kind_of_run_resumes_to_the_same_bits() {
    let task = digits(100, 20, &network_with_dropout_and_batch_statistics());
    // Without and with averaged weights, clipped gradients, and weight decay for weights only.
    for (optimizer, ema_decay, clip_norm) in [
        (Optimizer::Adam, 0.0, 0.0),
        (Optimizer::Adamw, 0.9, 0.5),
        (Optimizer::Sgd, 0.8, 0.0),
        (Optimizer::Sgd, 0.0, 0.5),
    ] {
        let config = TrainConfig {
            optimizer,
            ema_decay,
            clip_norm,
            decay_biases: clip_norm == 0.0,
            schedule: Schedule::OneCycle,
            weight_decay: 1e-3,
            log_every_steps: 4.try_into().unwrap(),
            checkpoint_every_steps: 3,
            ..training(4, 16, 0.01)
        };
        let (whole, result) = task.fit(&config, cpu());
        result.unwrap();
        let last = whole.snapshots.last().unwrap();
        let saved = [&last.weights, &last.optimizer].map(|tensors| tensors.to_bytes().unwrap().len() as u64);
        assert_eq!(checkpoint_size::lengths(&task.architecture, &config), saved, "{optimizer:?}");
        // An epoch has six steps. The interruptions come after the first step, within a logging window, at a
        // checkpoint and at the end of an epoch.
        let (events, last) = interrupted(&task, &config, &[1, 1, 3, 1, 6, 5]);
        assert_eq!(events, whole.events, "{optimizer:?}");
        assert_eq!(Some(&last), whole.snapshots.last(), "{optimizer:?}");
    }
}

#[test]
fn an_augmented_run_resumes_to_the_same_bits() {
    let plain = digits(100, 20, &network_with_dropout_and_batch_statistics());
    let all = Augmentation {
        rotation: 15.0,
        shift: 0.07,
        zoom: 0.15,
        shear: 0.2,
        elastic: 0.04,
        stroke_width: 0.02,
        erase: 0.05,
        flip: true,
        outliers: 0.25,
        continental: 0.5,
        ..Augmentation::default()
    };
    let task = Task { train: plain.train.clone().augmented(all), ..plain };
    let config = TrainConfig { checkpoint_every_steps: 3, ..training(3, 16, 0.01) };
    let (whole, result) = task.fit(&config, cpu());
    result.unwrap();
    // An epoch has six steps, and the interruptions are within the first, at its end and within the last.
    let (events, last) = interrupted(&task, &config, &[1, 2, 3, 7]);
    assert_eq!(events, whole.events);
    assert_eq!(Some(&last), whole.snapshots.last());
    let plain = Task { train: task.train.clone().augmented(Augmentation::default()), ..task };
    assert_ne!(plain.fit(&config, cpu()).0.weights(), &last.weights);
}

#[test]
fn patience_counts_on_after_an_interruption() {
    let task = digits(40, 20, &small_network());
    let config = TrainConfig { patience: 3, ..training(10, 20, 1e-12) };
    let (events, last) = interrupted(&task, &config, &[3, 2]);
    assert_eq!(events, task.fit(&config, cpu()).0.events);
    assert_eq!((last.state.epoch, last.state.best.unwrap().epoch), (4, 1));
    // A run that is at its end takes no further step.
    let (memory, outcome) = task.fit_from(&config, cpu(), Some(last.clone()), None);
    assert_eq!(outcome.unwrap(), Outcome::Finished(last.state.best.unwrap()));
    assert!(memory.snapshots.is_empty() && memory.steps().is_empty());
}

#[test]
fn a_window_that_is_longer_than_the_changed_configuration_allows_ends_at_the_next_step() {
    let task = digits(100, 20, &small_network());
    let config = |log_every: usize| TrainConfig {
        log_every_steps: log_every.try_into().unwrap(),
        ..training(1, 10, 0.01)
    };
    let (stopped, _) = task.fit_from(&config(9), cpu(), None, Some(5));
    let from = stopped.snapshots.last().cloned();
    let (memory, _) = task.fit_from(&config(3), cpu(), from, None);
    assert_eq!(memory.steps().iter().map(|step| step.step).collect::<Vec<_>>(), [6, 9, 10]);
}

/// A copy of these tensors without one of them.
fn without(tensors: &NamedTensors, left_out: &str) -> NamedTensors {
    let mut rest = NamedTensors::default();
    for (name, shape, values) in tensors.iter().filter(|(name, ..)| *name != left_out) {
        rest.insert(name.to_owned(), shape.to_vec(), values.to_vec());
    }
    rest
}

#[test]
fn a_snapshot_that_does_not_fit_is_refused() {
    let task = digits(40, 20, &small_network());
    let config = training(2, 20, 0.01);
    let snapshot = task.fit(&config, cpu()).0.snapshots[0].clone();
    let refused = |change: &dyn Fn(&mut Snapshot)| {
        let mut changed = snapshot.clone();
        change(&mut changed);
        task.fit_from(&config, cpu(), Some(changed), None).1.unwrap_err()
    };
    let moment = "units.1.conv.weight.momentum.moment_2";
    let error = refused(&|s| s.optimizer = without(&s.optimizer, moment));
    assert!(matches!(&error, FitError::Tensors(TensorsError::Missing { name }) if name == moment), "{error}");
    let error = refused(&|s| s.optimizer.insert("head.other".into(), vec![1], vec![0.0]));
    assert!(matches!(&error, FitError::Tensors(TensorsError::Unexpected { name }) if name == "head.other"));
    let error = refused(&|s| s.optimizer.insert(moment.into(), vec![1], vec![0.0]));
    assert!(
        matches!(&error, FitError::Tensors(TensorsError::Shape { name, .. }) if name == moment),
        "{error}"
    );
    let not_a_number = |s: &mut Snapshot| {
        let (shape, values) = s.optimizer.get(moment).map(|(s, v)| (s.to_vec(), v.to_vec())).unwrap();
        s.optimizer.insert(moment.into(), shape, values.iter().map(|_| f32::NAN).collect());
    };
    assert!(matches!(refused(&not_a_number), FitError::Tensors(TensorsError::NotFinite { .. })));
    assert!(matches!(refused(&|s| s.state.step = 9), FitError::State { step: 9, .. }));
    assert!(matches!(refused(&|s| s.state.epoch = 0), FitError::State { epoch: 0, .. }));
    assert!(matches!(refused(&|s| s.state.epoch = usize::MAX), FitError::State { .. }));
    assert!(matches!(refused(&|s| s.state.window.losses = vec![f64::NAN]), FitError::State { .. }));
}
