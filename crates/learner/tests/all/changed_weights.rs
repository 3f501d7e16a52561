//! Tests of what a step does to the weights besides the optimizer's rule: clipping, weight decay for weights only,
//! and averages.

use learner::config::{Optimizer, TrainConfig};
use learner::random::{Stream, generator};
use learner::train::FitError;
use network::{NamedTensors, TensorsError};

use crate::learning::network_with_dropout_and_batch_statistics;
use crate::memory::{Memory, Task, cpu, digits, small_network, training};

/// Stochastic gradient descent without momentum: a step changes each weight by its gradient times the rate.
fn plain(epochs: usize) -> TrainConfig {
    TrainConfig { optimizer: Optimizer::Sgd, momentum: 0.0, ..training(epochs, 20, 0.1) }
}

fn initial(task: &Task) -> NamedTensors {
    task.architecture.initial_tensors(&mut generator(1, Stream::Weights, 0, 0))
}

fn fit(task: &Task, config: &TrainConfig) -> Memory {
    let (memory, result) = task.fit(config, cpu());
    result.unwrap();
    memory
}

/// The distance between two networks' weights.
fn distance(a: &NamedTensors, b: &NamedTensors) -> f64 {
    let values = |tensors: &NamedTensors| tensors.iter().flat_map(|(_, _, v)| v.to_vec()).collect::<Vec<_>>();
    let pairs = values(a).into_iter().zip(values(b));
    pairs.map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>().sqrt()
}

#[test]
fn clipped_gradients_have_at_most_the_norm_that_is_configured() {
    // There is one step, because the batch has all images.
    let task = digits(20, 10, &small_network());
    let moved = |clip_norm| {
        let memory = fit(&task, &TrainConfig { clip_norm, ..plain(1) });
        (distance(memory.weights(), &initial(&task)), memory.steps()[0].gradient_norm)
    };
    let (free, norm) = moved(0.0);
    assert!((free - 0.1 * norm).abs() < 1e-4 * free, "{free} {norm}");
    let (clipped, reported) = moved(norm / 8.0);
    assert!((8.0 * clipped - free).abs() < 1e-3 * free, "{clipped} {free}");
    // The event has the norm before clipping, by which a limit is chosen.
    assert_eq!(reported, norm);
    // A limit that is not reached changes nothing.
    assert_eq!(moved(2.0 * norm), (free, norm));
}

#[test]
fn a_gradient_that_is_not_finite_is_never_clipped_into_a_step() {
    let task = digits(40, 10, &small_network());
    let config = TrainConfig { clip_norm: 1.0, log_every_steps: 100.try_into().unwrap(), ..plain(50) };
    // Clipped gradients do not save a run from a learning rate this large.
    let (_, result) = task.fit(&TrainConfig { learning_rate: 1e38, ..config }, cpu());
    assert!(matches!(result.unwrap_err(), FitError::NotFinite { step: 1..=4, .. }));
}

#[test]
fn without_decay_biases_only_weights_decay() {
    let task = digits(20, 10, &network_with_dropout_and_batch_statistics());
    for optimizer in [Optimizer::Sgd, Optimizer::Adamw] {
        let weights = |weight_decay, decay_biases| {
            let config = TrainConfig { optimizer, weight_decay, decay_biases, ..plain(3) };
            fit(&task, &TrainConfig { epochs: 1.try_into().unwrap(), ..config }).weights().clone()
        };
        let (none, all, only_weights) = (weights(0.0, true), weights(0.5, true), weights(0.5, false));
        for (name, shape, values) in only_weights.iter() {
            let expected = if shape.len() > 1 { &all } else { &none };
            assert_eq!(Some((shape, values)), expected.get(name), "{optimizer:?} {name}");
        }
        assert_ne!(all, none);
    }
}

#[test]
fn averaged_weights_follow_those_in_training() {
    let task = digits(60, 10, &network_with_dropout_and_batch_statistics());
    let ema_decay = 0.25;
    let config = TrainConfig { ema_decay, checkpoint_every_steps: 1, ..plain(2) };
    let memory = fit(&task, &config);
    let without = fit(&task, &TrainConfig { ema_decay: 0.0, ..config });
    let mut averages = initial(&task);
    for (snapshot, raw) in memory.snapshots.iter().zip(&without.snapshots) {
        let t = snapshot.state.step as f64;
        let share = (1.0 - f64::min(ema_decay, (1.0 + t) / (10.0 + t))) as f32;
        let mut next = NamedTensors::default();
        for (name, shape, trained) in raw.weights.iter() {
            // Training goes on with the same weights as without an average.
            assert_eq!(
                snapshot.optimizer.get(&format!("{name}.trained")),
                Some((shape, trained)),
                "{name} {t}"
            );
            let averages = averages.get(name).unwrap().1;
            let values = averages.iter().zip(trained).map(|(a, x)| a + (x - a) * share).collect();
            next.insert(name.to_owned(), shape.to_vec(), values);
        }
        averages = next;
        assert_eq!(snapshot.weights, averages, "step {t}");
    }
    assert_eq!(memory.snapshots.len(), 6);
    // The averaged network is validated.
    let losses =
        |memory: &Memory| memory.epochs().iter().map(|epoch| epoch.validation_loss).collect::<Vec<_>>();
    assert_ne!(losses(&memory), losses(&without));
}

#[test]
fn a_snapshot_without_the_weights_in_training_is_refused() {
    let task = digits(40, 20, &small_network());
    let config = TrainConfig { ema_decay: 0.9, ..training(2, 20, 0.01) };
    let mut snapshot = fit(&task, &config).snapshots[0].clone();
    let mut kept = NamedTensors::default();
    for (name, shape, values) in snapshot.optimizer.iter().filter(|(name, ..)| *name != "head.bias.trained") {
        kept.insert(name.to_owned(), shape.to_vec(), values.to_vec());
    }
    snapshot.optimizer = kept;
    let error = task.fit_from(&config, cpu(), Some(snapshot), None).1.unwrap_err();
    assert!(
        matches!(&error, FitError::Tensors(TensorsError::Missing { name }) if name == "head.bias"),
        "{error}"
    );
}
