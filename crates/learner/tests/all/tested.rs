//! Tests the log of a run's tests, which several processes may write at the same time.

use std::fs;
use std::thread;

use learner::run::RunDir;
use run_files::TestNote;
use tempfile::TempDir;

#[test]
fn tests_that_end_at_once_are_all_counted() {
    const THREADS: usize = 8;
    const TESTS: usize = 40;
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("config.toml"), "").unwrap();
    let counts: Vec<usize> = thread::scope(|scope| {
        let test = || -> Vec<usize> {
            // Each thread opens the log by itself, as a process would.
            let run = RunDir::open(dir.path()).unwrap();
            (0..TESTS)
                .map(|_| TestNote { accuracy: Some(0.5), ..TestNote::default() })
                .map(|note| run.note_test(&note).unwrap().times_tested)
                .collect()
        };
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(test)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let log = fs::read_to_string(dir.path().join("tests.jsonl")).unwrap();
    assert_eq!(log.lines().count(), THREADS * TESTS);
    assert!(log.lines().all(|line| serde_json::from_str::<TestNote>(line).is_ok()), "{log}");
    // Each test was given another number, from 1 to the number of all tests.
    let mut sorted = counts;
    sorted.sort_unstable();
    assert_eq!(sorted, (1..=THREADS * TESTS).collect::<Vec<_>>());
}

#[test]
fn tests_are_counted_for_each_data_set() {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("config.toml"), "").unwrap();
    let run = RunDir::open(dir.path()).unwrap();
    let test = |dataset: &str| {
        let note = TestNote { dataset: dataset.to_owned(), ..TestNote::default() };
        run.note_test(&note).unwrap().times_tested
    };
    assert_eq!(["mnist", "sample", "mnist"].map(test), [1, 1, 2]);
    assert_eq!(["mnist", "sample", "fashion-mnist"].map(|dataset| run.times_tested(dataset)), [2, 1, 0]);
}
