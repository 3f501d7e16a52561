//! Tests that training learns, that it repeats to the bit, and that it ends if a number is not finite.

use learner::config::{Optimizer, Schedule, TrainConfig};
use learner::train::FitError;
use network::config::{Activation, ModelConfig, Normalization, Pool, Stage, UnitConfig};

use crate::memory::{cpu, digits, small_network, training};

#[test]
fn one_batch_is_learned_completely() {
    let task = digits(32, 10, &small_network());
    let (memory, best) = task.fit(&training(120, 32, 0.01), cpu());
    best.unwrap();
    let last = memory.epochs().last().copied().unwrap();
    assert!(last.train_loss < 0.01 && last.train_accuracy == 1.0, "{last:?}");
}

#[test]
fn every_optimizer_and_schedule_learns() {
    let task = digits(200, 100, &small_network());
    for (optimizer, learning_rate) in
        [(Optimizer::Adam, 0.01), (Optimizer::Adamw, 0.01), (Optimizer::Sgd, 0.05)]
    {
        for schedule in [Schedule::Constant, Schedule::Cosine, Schedule::OneCycle] {
            let config =
                TrainConfig { optimizer, schedule, weight_decay: 1e-4, ..training(6, 20, learning_rate) };
            let best = task.fit(&config, cpu()).1.unwrap();
            // Ten classes are guessed correctly in 10 % of the cases.
            assert!(best.score.accuracy > 0.5, "{optimizer:?} {schedule:?}: {best:?}");
        }
    }
}

/// A network with everything that draws random numbers (weights, order and dropout), and with batch
/// statistics of feature maps and of a dense layer.
pub(crate) fn network_with_dropout_and_batch_statistics() -> ModelConfig {
    let mut model = small_network();
    model.dropout = 0.3;
    model.dense = vec![20];
    model.dense_normalization = Normalization::Batch;
    model.units[0].dropout = 0.1;
    model.units[1].normalization = Normalization::Batch;
    model
}

#[test]
fn the_same_seed_gives_the_same_bits() {
    let task = digits(100, 20, &network_with_dropout_and_batch_statistics());
    let sha = |seed| {
        let (memory, result) = task.fit(&TrainConfig { seed, ..training(2, 16, 0.01) }, cpu());
        result.unwrap();
        (memory.weights().sha256().unwrap(), memory.events)
    };
    assert_eq!(sha(1), sha(1));
    assert_ne!(sha(1).0, sha(2).0);
}

#[test]
fn a_network_that_diverges_is_stopped_and_its_last_good_state_is_kept() {
    let task = digits(64, 10, &small_network());
    // The first steps have a small learning rate, and later steps an absurdly large one.
    let config = TrainConfig {
        optimizer: Optimizer::Sgd,
        schedule: Schedule::OneCycle,
        checkpoint_every_steps: 1,
        log_every_steps: 4.try_into().unwrap(),
        ..training(20, 16, 1e30)
    };
    let (memory, result) = task.fit(&config, cpu());
    let error = result.unwrap_err();
    assert!(matches!(error, FitError::NotFinite { step: 1..=20, .. }), "{error}");
    let message = error.to_string();
    assert!(message.contains(" at step ") && message.contains("learning rate is "), "{message}");
    for snapshot in &memory.snapshots {
        task.architecture.check(&snapshot.weights).unwrap();
    }
    assert!(!memory.snapshots.is_empty());
}

#[test]
fn events_and_snapshots_come_when_they_are_due() {
    let task = digits(50, 10, &small_network());
    let config = TrainConfig {
        checkpoint_every_steps: 3,
        log_every_steps: 2.try_into().unwrap(),
        ..training(2, 10, 0.001)
    };
    let (memory, best) = task.fit(&config, cpu());
    let steps: Vec<usize> = memory.steps().iter().map(|step| step.step).collect();
    // A window ends after two steps and at the end of an epoch (5, 10). A checkpoint may come within a
    // window.
    assert_eq!(steps, [2, 4, 5, 7, 9, 10]);
    let checkpoints: Vec<usize> = memory.snapshots.iter().map(|s| s.state.step).collect();
    assert_eq!(checkpoints, [3, 5, 6, 9, 10]);
    let best = best.unwrap();
    let marked: Vec<usize> = memory.epochs().iter().filter(|e| e.is_best).map(|e| e.epoch).collect();
    assert_eq!(marked.last(), Some(&best.epoch));
    let last = &memory.snapshots.last().unwrap().state;
    assert_eq!((last.best, best.step), (Some(best), 5 * best.epoch));
    let first = &memory.snapshots[0].state;
    assert_eq!((first.sums.steps, first.sums.images), (2, 20));
    assert_eq!((first.window.losses.len(), first.window.images), (1, 10));
}

#[test]
fn patience_ends_a_run_that_does_not_get_better() {
    let task = digits(40, 20, &small_network());
    // At this learning rate the score does not change, so the first epoch stays the best.
    let config = TrainConfig { patience: 3, ..training(10, 20, 1e-12) };
    let (memory, best) = task.fit(&config, cpu());
    assert_eq!((best.unwrap().epoch, memory.epochs().len()), (1, 4));
}

#[test]
fn validation_does_not_change_what_is_learned() {
    let model = network_with_dropout_and_batch_statistics();
    let weights = |validation| {
        let (memory, result) = digits(60, validation, &model).fit(&training(2, 20, 0.01), cpu());
        result.unwrap();
        memory.weights().clone()
    };
    assert_eq!(weights(10), weights(50));
}

#[test]
fn a_batch_size_above_the_number_of_images_takes_all_of_them() {
    let task = digits(20, 10, &ModelConfig { units: vec![], ..ModelConfig::default() });
    let (memory, result) = task.fit(&training(3, 128, 0.01), cpu());
    result.unwrap();
    assert_eq!(memory.snapshots.last().unwrap().state.step, 3);
}

#[test]
fn average_pooling_and_gelu_learn_as_well() {
    let unit = UnitConfig {
        filters: 6,
        kernel_size: 3,
        activation: Activation::Gelu,
        pool: Pool::Average,
        ..UnitConfig::default()
    };
    let task =
        digits(200, 100, &ModelConfig { units: vec![unit], dense: vec![16], ..ModelConfig::default() });
    let best = task.fit(&training(8, 20, 0.01), cpu()).1.unwrap();
    assert!(best.score.accuracy > 0.5, "{best:?}");
}

/// A network with every stage, in several orders, and with every kind of pooling.
pub(crate) fn network_of_every_kind() -> ModelConfig {
    let [normalization, residual, activation, pool] = Stage::ALL;
    let unit = UnitConfig {
        filters: 8,
        kernel_size: 3,
        normalization: Normalization::Batch,
        activation: Activation::Gelu,
        ..UnitConfig::default()
    };
    let units = vec![
        UnitConfig { order: [pool, activation, residual, normalization], ..unit.clone() },
        UnitConfig { groups: 8, residual: 1, pool: Pool::Average, ..unit.clone() },
        UnitConfig {
            order: [activation, normalization, residual, pool],
            kernel_size: 4,
            groups: 2,
            activation: Activation::Tanh,
            pool: Pool::None,
            ..unit.clone()
        },
        UnitConfig { residual: 2, stride: 1, pool: Pool::GlobalAverage, ..unit },
    ];
    ModelConfig {
        units,
        dense: vec![12],
        dense_normalization: Normalization::Batch,
        dense_activation: Activation::Sigmoid,
        ..ModelConfig::default()
    }
}

#[test]
fn a_network_of_every_kind_learns() {
    let task = digits(200, 100, &network_of_every_kind());
    let best = task.fit(&training(6, 20, 0.01), cpu()).1.unwrap();
    // Ten classes are guessed correctly in 10 % of the cases.
    assert!(best.score.accuracy > 0.5, "{best:?}");
}
