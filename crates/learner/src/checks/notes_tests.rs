//! Tests that each note is given where it is due and nowhere else, and that it says what to try.

use std::sync::LazyLock;

use super::*;
use crate::config::parse;

const EVEN: [usize; 10] = [110; 10];

fn config(assignments: &[&str]) -> Config {
    parse("test", "", &assignments.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap()
}

/// The names "0" to "9".
static NAMES: LazyLock<Vec<String>> = LazyLock::new(|| (0..10).map(|class| class.to_string()).collect());

fn counts<'a>(train: &'a [usize], validation: &'a [usize]) -> ClassCounts<'a> {
    ClassCounts { names: &NAMES, train, validation }
}

fn always(accuracy: f64) -> Accuracies {
    Accuracies { best_epoch: accuracy, last_epoch: accuracy }
}

fn notes(assignments: &[&str]) -> Vec<Note> {
    before(&config(assignments), &counts(&EVEN, &[10; 10]))
}

#[test]
fn an_ordinary_run_has_no_notes() {
    // 1,100 images are 34 batches of 32 and 12 more, which is 1 %.
    assert_eq!(notes(&["train.batch_size=32"]), []);
    assert_eq!(after(&config(&[]), &counts(&EVEN, &[10; 10]), always(0.98)), None);
}

#[test]
fn many_images_that_do_not_fill_a_batch_are_named_with_a_better_batch() {
    let better = |batch_size: usize| match left_out(batch_size, 55_000) {
        Some(Note::LeftOut { left_out, better, .. }) => Some((left_out, better)),
        _ => None,
    };
    assert_eq!(better(30_000), Some((25_000, 27_500)));
    assert_eq!(better(128), None);
    assert_eq!(better(55_000), None);
    assert_eq!(better(1), None);
    for size in [20_000, 27_501, 40_000, 54_999] {
        if let Some((_, better)) = better(size) {
            assert!(better < size && (55_000 % better) * 20 <= 55_000, "{size}: {better}");
        }
    }
    let text = left_out(30_000, 55_000).unwrap().to_string();
    assert!(
        text.contains("25000 of 55000 images (45 %)") && text.contains("train.batch_size = 27500"),
        "{text}"
    );
}

#[test]
fn a_batch_larger_than_the_data_is_one_batch_of_all_images() {
    for size in ["1101", "9223372036854775807"] {
        let notes = notes(&[&format!("train.batch_size={size}")]);
        assert_eq!(notes, [Note::OneBatch { batch_size: size.parse().unwrap(), train: 1100 }]);
        assert!(notes[0].to_string().contains("(images: 1100), so each epoch is one step"), "{}", notes[0]);
    }
}

#[test]
fn classes_without_images_are_named() {
    let train = [0, 4, 4, 0, 4, 4, 4, 4, 4, 0];
    let validation = [1, 1, 1, 1, 1, 1, 1, 1, 1, 0];
    let notes = before(&config(&["train.batch_size=4"]), &counts(&train, &validation));
    let texts: Vec<String> = notes.iter().map(ToString::to_string).collect();
    assert!(texts[0].starts_with("no training image shows 0, 3 and 9, so"), "{texts:?}");
    assert!(texts[1].starts_with("no validation image shows 9, so"), "{texts:?}");
    assert_eq!(texts.len(), 2, "{texts:?}");
}

#[test]
fn batch_statistics_of_one_value_are_named_before_and_after() {
    const ONE_PIXEL: &str = "model.units=[{filters=4}, {filters=4, kernel_size=14, padding=\"valid\", normalization=\"batch\", pool=\"none\"}]";
    let one = config(&[ONE_PIXEL, "train.batch_size=1"]);
    assert_eq!(before(&one, &counts(&EVEN, &[10; 10])), [Note::OneValue(Place::Unit(1))]);
    let Some(Note::OnlyGuesses { causes, .. }) = after(&one, &counts(&EVEN, &[10; 10]), always(0.1)) else {
        panic!()
    };
    assert_eq!(causes[0], Cause::OneValue(Place::Unit(1)));
    // Two images have two values, and a wider map has several.
    assert_eq!(one_value(&config(&[ONE_PIXEL, "train.batch_size=2"]), 1100), None);
    assert_eq!(one_value(&config(&["train.batch_size=1", "model.units.0.normalization=batch"]), 1100), None);
    // A batch is never larger than the training set.
    assert_eq!(one_value(&config(&[ONE_PIXEL]), 1), Some(Place::Unit(1)));
    // Pooling in front of the normalization decides how many values there are.
    const POOLED: &str = "model.units=[{filters=4, normalization=\"batch\", pool=\"global-average\"}]";
    assert_eq!(one_value(&config(&[POOLED, "train.batch_size=1"]), 1100), None);
    let order = "model.units.0.order=[residual, activation, pool, normalization]";
    assert_eq!(one_value(&config(&[POOLED, order, "train.batch_size=1"]), 1100), Some(Place::Unit(0)));
}

#[test]
fn a_dense_layers_batch_statistics_are_named_too() {
    let normalized = ["model.dense_normalization=batch", "train.batch_size=1"];
    assert_eq!(one_value(&config(&normalized), 1100), None);
    let one = config(&[normalized[0], normalized[1], "model.dense=[8]"]);
    let [note] = before(&one, &counts(&EVEN, &[10; 10])).try_into().unwrap();
    assert_eq!(note, Note::OneValue(Place::Dense));
    assert!(
        note.to_string().starts_with("model.dense_normalization = \"batch\" normalizes in batches"),
        "{note}"
    );
    assert_eq!(one_value(&config(&["model.dense_normalization=batch", "model.dense=[8]"]), 1100), None);
}

#[test]
fn an_accuracy_no_better_than_the_most_frequent_class_is_a_guess() {
    // 1,000 images, of which 12 % are of the most frequent class: a standard error is 1.03 %.
    let counts = [120, 80, 100, 100, 100, 100, 100, 100, 100, 100];
    assert_eq!(guessed(0.09, &counts), Some(0.12));
    assert_eq!(guessed(0.15, &counts), Some(0.12));
    assert_eq!(guessed(0.16, &counts), None);
    // Nothing can be said of one class, or of very few images.
    assert_eq!(guessed(1.0, &[7, 0]), None);
    assert_eq!(guessed(0.5, &[1, 1]), None);
    assert_eq!(guessed(0.0, &[]), None);
}

#[test]
fn the_causes_stand_in_the_order_in_which_to_try_them() {
    let train = [0, 9, 9, 9, 9, 9, 9, 9, 9, 9];
    let short = config(&["train.epochs=1", "train.batch_size=20", "train.learning_rate=0.5"]);
    let note = after(&short, &counts(&train, &[10; 10]), always(0.1)).unwrap();
    let Note::OnlyGuesses { causes, .. } = &note else { panic!() };
    let rate = Cause::LearningRate { learning_rate: 0.5, warmup_fraction: 0.0 };
    assert_eq!(causes, &[Cause::NeverSeen { classes: 1 }, Cause::FewSteps { steps: 4 }, rate]);
    let text = note.to_string();
    for words in
        ["only guesses", "10.00 %", "train.learning_rate, such as 0.05 instead of 0.5", "warmup_fraction"]
    {
        assert!(text.contains(words), "{text}");
    }
}

#[test]
fn a_network_that_has_learned_and_then_forgot_is_named_too() {
    let counts = counts(&EVEN, &[10; 10]);
    let accuracies = Accuracies { best_epoch: 0.71, last_epoch: 0.0964 };
    let note = after(&config(&["train.learning_rate=0.5"]), &counts, accuracies).unwrap();
    assert!(matches!(note, Note::EndedGuessing { .. }), "{note:?}");
    let text = note.to_string();
    assert!(
        text.contains("71.00 %") && text.contains("9.64 % now") && text.contains("0.05 instead"),
        "{text}"
    );
    // A last epoch that is merely worse is an ordinary one.
    assert_eq!(after(&config(&[]), &counts, Accuracies { last_epoch: 0.6, ..accuracies }), None);
}

#[test]
fn of_many_classes_only_the_first_are_named() {
    let names = |count: usize| -> Vec<String> { (0..count).map(|class| class.to_string()).collect() };
    assert_eq!(list(&names(3)), "0, 1 and 2");
    assert_eq!(list(&names(11)), "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 10");
    assert_eq!(list(&names(256)), "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 246 more");
}
