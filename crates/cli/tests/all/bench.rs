//! Tests `bench` on data that a run would be through with before all questions are answered.

use crate::program::{ProgramOutput, SMALL, Sandbox};

/// `bench` with the small network, which learns from ten images for one epoch.
fn bench(more: &[&str], questions: &str) -> ProgramOutput {
    let sets = SMALL.iter().chain(&["data.train_limit=10", "train.epochs=1", "train.patience=1"]);
    let arguments: Vec<&str> =
        ["bench"].into_iter().chain(sets.flat_map(|assignment| ["--set", assignment])).collect();
    let arguments = [&arguments, more].concat();
    let sandbox = Sandbox::new();
    ProgramOutput::new(sandbox.command(&arguments).write_stdin(questions).output().unwrap()).done()
}

#[test]
fn every_question_is_answered_however_few_images_there_are() {
    let answers = bench(&["--questions"], "step 30\ninfer 4 2\nstep 3\n").stdout;
    let counts = answers.lines().map(|line| {
        let times: serde_json::Value = serde_json::from_str(line).unwrap();
        times["ms"].as_array().unwrap().len()
    });
    assert_eq!(counts.collect::<Vec<_>>(), [30, 2, 3]);
}

#[test]
fn a_batch_is_no_larger_than_the_data() {
    let text = bench(&["--set", "train.batch_size=4000"], "").stdout;
    let line = text.lines().next().unwrap();
    let numbers: Vec<f64> = line.split([' ', ';']).filter_map(|word| word.parse().ok()).collect();
    let (ms, images_per_second) = (numbers[0], numbers[numbers.len() - 1]);
    let images = ms * images_per_second / 1e3;
    assert!(line.starts_with("a training step") && (9.0..11.0).contains(&images), "{text}");
}
