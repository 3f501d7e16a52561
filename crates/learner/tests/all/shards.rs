//! Tests of steps whose batches are cut into shards, by one process and by several that share them.

use std::sync::{Barrier, Mutex};
use std::thread;

use dataset::Augmentation;
use learner::config::TrainConfig;
use learner::exchange::{Alone, Exchange};
use learner::train::FitError;
use learner::train::fit::Outcome;
use learner::train::state::Snapshot;

use crate::learning::network_with_dropout_and_batch_statistics;
use crate::memory::{Memory, Task, cpu, digits, small_network, training};

/// What threads that stand for processes tell each other.
#[derive(Debug)]
struct Table {
    all_are_here: Barrier,
    places: Vec<Mutex<Vec<f32>>>,
}

/// One of these threads.
#[derive(Debug)]
struct Process<'a> {
    rank: usize,
    table: &'a Table,
}

impl Exchange for Process<'_> {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.table.places.len()
    }

    fn all_gather(&self, own: &[f32]) -> Vec<f32> {
        *self.table.places[self.rank].lock().unwrap() = own.to_vec();
        self.table.all_are_here.wait();
        let all: Vec<Vec<f32>> =
            self.table.places.iter().map(|place| place.lock().unwrap().clone()).collect();
        assert!(all.iter().all(|other| other.len() == own.len()), "each brings as much");
        // Nobody may bring the next numbers before all have read these.
        self.table.all_are_here.wait();
        all.concat()
    }

    fn broadcast(&self, bytes: Vec<u8>) -> Vec<u8> {
        bytes
    }
}

/// Trains in several processes. Returns what each has observed.
fn together(
    task: &Task,
    config: &TrainConfig,
    processes: usize,
    from: Option<&Snapshot>,
    stop_after: Option<(usize, usize)>,
) -> Vec<(Memory, Outcome)> {
    let table = Table {
        all_are_here: Barrier::new(processes),
        places: (0..processes).map(|_| Mutex::default()).collect(),
    };
    let table = &table;
    let train = move |rank| {
        let process = Process { rank, table };
        // Only one of the processes gets the signal.
        let stop_after = stop_after.filter(|(of, _)| *of == rank).map(|(_, steps)| steps);
        let (memory, outcome) = task.fit_with(config, cpu(), from.cloned(), stop_after, &process);
        (memory, outcome.unwrap())
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..processes).map(|rank| scope.spawn(move || train(rank))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

fn task() -> Task {
    let plain = digits(100, 20, &network_with_dropout_and_batch_statistics());
    let augmentation = Augmentation { rotation: 15.0, outliers: 0.25, ..Augmentation::default() };
    Task { train: plain.train.clone().augmented(augmentation), ..plain }
}

fn sharded(shards: usize) -> TrainConfig {
    TrainConfig {
        shards: shards.try_into().unwrap(),
        clip_norm: 0.5,
        ema_decay: 0.8,
        log_every_steps: 4.try_into().unwrap(),
        checkpoint_every_steps: 3,
        ..training(3, 32, 0.01)
    }
}

#[test]
fn the_bits_depend_on_the_shards_and_not_on_the_processes() {
    let task = task();
    let of_shards = |shards: usize| {
        let (alone, result) = task.fit(&sharded(shards), cpu());
        result.unwrap();
        for processes in [1, 2, 4, 8].into_iter().filter(|processes| *processes <= shards) {
            for (memory, _) in together(&task, &sharded(shards), processes, None, None) {
                assert_eq!(memory.events, alone.events, "{shards} shards, {processes} processes");
                assert!(memory.snapshots == alone.snapshots, "{shards} shards, {processes} processes");
            }
        }
        alone.weights().sha256().unwrap()
    };
    let found: Vec<String> = [1, 2, 4, 8].into_iter().map(of_shards).collect();
    assert!((1..4).all(|i| !found[..i].contains(&found[i])), "{found:?}");
}

#[test]
fn the_bits_do_not_depend_on_how_many_threads_compute_how_many_shards_at_once() {
    let (task, config) = (task(), sharded(4));
    // One team, two and four teams of one thread each, and four teams of two threads.
    let found: Vec<Memory> = [1, 2, 4, 8]
        .into_iter()
        .map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let (memory, result) = pool.install(|| task.fit(&config, cpu()));
            result.unwrap();
            memory
        })
        .collect();
    assert!(found.iter().all(|memory| memory.events == found[0].events));
    assert!(found.iter().all(|memory| memory.snapshots == found[0].snapshots));
}

#[test]
fn a_run_is_stopped_by_any_process_and_resumed_by_another_number_of_them() {
    let (task, config) = (task(), sharded(4));
    let (whole, result) = task.fit(&config, cpu());
    result.unwrap();
    let mut from = None;
    // An epoch has three steps: the interruptions are within the first, at its end and within the second.
    for (processes, signalled, steps) in [(4, 3, 1), (1, 0, 2), (2, 1, 1)] {
        let stopped = together(&task, &config, processes, from.as_ref(), Some((signalled, steps)));
        let last: Vec<&Snapshot> = stopped.iter().filter_map(|(memory, _)| memory.snapshots.last()).collect();
        assert!(stopped.iter().all(|(_, outcome)| matches!(outcome, Outcome::Stopped(_))));
        assert!(last.len() == processes && last.windows(2).all(|pair| pair[0] == pair[1]));
        from = last.first().map(|snapshot| (*snapshot).clone());
    }
    let ends = together(&task, &config, 4, from.as_ref(), None);
    assert!(ends.iter().all(|(memory, _)| memory.snapshots.last() == whole.snapshots.last()));
}

#[test]
fn shards_of_a_network_without_batch_statistics_add_up_to_the_whole_batch() {
    let task = digits(128, 10, &small_network());
    let config = |shards: usize| TrainConfig {
        shards: shards.try_into().unwrap(),
        log_every_steps: 1.try_into().unwrap(),
        ..training(1, 64, 0.001)
    };
    let [one, four] = [1, 4].map(|shards| task.fit(&config(shards), cpu()).0);
    for (one, four) in one.steps().into_iter().zip(four.steps()) {
        assert!((one.loss - four.loss).abs() < 1e-5, "{one:?} {four:?}");
        assert!(
            (one.gradient_norm - four.gradient_norm).abs() < 1e-4 * one.gradient_norm,
            "{one:?} {four:?}"
        );
        assert_eq!(one.accuracy, four.accuracy);
    }
    assert_eq!(one.steps().len(), 2);
}

#[test]
fn processes_that_cannot_share_the_shards_are_refused() {
    let task = digits(40, 10, &small_network());
    let config = TrainConfig { shards: 2.try_into().unwrap(), ..training(1, 8, 0.01) };
    let table = Table { all_are_here: Barrier::new(1), places: (0..4).map(|_| Mutex::default()).collect() };
    let error = task.fit_with(&config, cpu(), None, None, &Process { rank: 0, table: &table }).1.unwrap_err();
    assert!(matches!(error, FitError::Processes { processes: 4, shards: 2 }), "{error}");
    // The training set is smaller than a batch, and is the only one.
    let config = TrainConfig { shards: 16.try_into().unwrap(), ..training(1, 64, 0.01) };
    let error = task.fit_with(&config, cpu(), None, None, &Alone).1.unwrap_err();
    assert!(matches!(error, FitError::Shards { shards: 16, batch_size: 40 }), "{error}");
}
