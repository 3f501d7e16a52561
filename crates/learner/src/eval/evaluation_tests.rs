//! Compares metrics with values computed by hand, and tests the cases in which a denominator is zero.

use super::*;
use crate::eval::logits::Logits;
use crate::eval::score::Score;

/// Probabilities for images that are given as pairs of a label and a prediction.
fn predicting(classes: usize, pairs: &[(u8, usize)]) -> Probabilities {
    let logit = |class, prediction| if class == prediction { 2.0 } else { 0.0 };
    let values = pairs
        .iter()
        .flat_map(|&(_, prediction)| (0..classes).map(move |class| logit(class, prediction)))
        .collect();
    let logits = Logits::new(classes, pairs.iter().map(|pair| pair.0).collect(), values);
    Probabilities::new(&logits).unwrap()
}

const NAMES: [&str; 3] = ["a", "b", "c"];

/// The number of nulls in the evaluation's JSON. `serde_json` writes NaN as null, so a test that knows how
/// many values are undefined notices a NaN by its null.
fn nulls(evaluation: &Evaluation) -> usize {
    serde_json::to_string(evaluation).unwrap().matches("null").count()
}

#[test]
fn metrics_agree_with_a_table_computed_by_hand() {
    let evaluation = evaluate(&predicting(3, &[(0, 0), (0, 0), (0, 1), (1, 1), (1, 2), (2, 1)]), &NAMES);
    assert_eq!(evaluation.confusion, [[2, 1, 0], [0, 1, 1], [0, 1, 0]]);
    assert_eq!((evaluation.correct, evaluation.accuracy), (3, Some(0.5)));
    let b = &evaluation.classes[1];
    assert_eq!((b.precision, b.recall, b.f1), (Some(1.0 / 3.0), Some(0.5), Some(0.4)));
    assert!((evaluation.macro_f1.unwrap() - (0.8 + 0.4 + 0.0) / 3.0).abs() < 1e-15);
    let wrong = ((2f64.exp() + 2.0) / 1.0).ln();
    let right = wrong - 2.0;
    assert!((evaluation.loss.unwrap() - (3.0 * wrong + 3.0 * right) / 6.0).abs() < 1e-12);
    // Of the three images with a wrong prediction, one has its label in the second place and two in the
    // third.
    let top: Vec<Option<f64>> = evaluation.top_k.iter().map(|top| top.accuracy).collect();
    assert_eq!(top, [Some(0.5), Some(4.0 / 6.0), Some(1.0)]);
    let confidence = 2f64.exp() / (2f64.exp() + 2.0);
    assert!((evaluation.calibration.ece.unwrap() - (confidence - 0.5)).abs() < 1e-12);
    let pairs = most_confused(&evaluation, 2);
    assert_eq!(pairs[0], Confusion { label: 0, prediction: 1, count: 1 });
    assert_eq!(pairs.len(), 2);
}

#[test]
fn no_image_leaves_everything_undefined() {
    let empty = evaluate(&predicting(3, &[]), &NAMES);
    assert_eq!(
        (empty.accuracy, empty.loss, empty.accuracy_interval, empty.macro_f1),
        (None, None, None, None)
    );
    assert!(empty.top_k.iter().all(|top| top.accuracy.is_none()) && empty.calibration.ece.is_none());
    // The undefined values are accuracy, its interval, loss, macro F1 and ECE, 3 top-k accuracies, 2 values
    // of each bin, and 3 of each class.
    assert_eq!(nulls(&empty), 5 + 3 + 2 * 15 + 3 * 3);
}

#[test]
fn one_image_has_metrics() {
    let one = evaluate(&predicting(3, &[(0, 0)]), &NAMES);
    assert_eq!((one.accuracy, one.macro_f1, one.images), (Some(1.0), Some(1.0), 1));
    assert!(one.accuracy_interval.unwrap()[0] < 0.25);
    // No image is of class b or c or was predicted to be, so three metrics of each of them are undefined.
    let c = &one.classes[2];
    assert_eq!((c.support, c.precision, c.recall, c.f1), (0, None, None, None));
    assert_eq!(nulls(&one), 2 * 3 + 2 * 14);
}

#[test]
fn a_class_without_images_can_still_be_predicted() {
    let evaluation = evaluate(&predicting(3, &[(0, 0), (0, 2), (1, 1)]), &NAMES);
    let c = &evaluation.classes[2];
    assert_eq!((c.precision, c.recall, c.f1), (Some(0.0), None, Some(0.0)));
    assert!((evaluation.macro_f1.unwrap() - (2.0 / 3.0 + 1.0 + 0.0) / 3.0).abs() < 1e-15);
}

#[test]
fn constant_predictions_have_their_class_alone() {
    // A network that has learned nothing has the same logits for each image.
    let logits = [0.25f32; 12].to_vec();
    let constant = Probabilities::new(&Logits::new(3, vec![0, 1, 2, 2], logits)).unwrap();
    let evaluation = evaluate(&constant, &NAMES);
    assert_eq!(evaluation.confusion, [[1, 0, 0], [1, 0, 0], [2, 0, 0]]);
    assert_eq!((evaluation.classes[1].precision, evaluation.classes[1].recall), (None, Some(0.0)));
    assert!((evaluation.loss.unwrap() - 3f64.ln()).abs() < 1e-15);
    assert!((evaluation.calibration.ece.unwrap() - (1.0 / 3.0 - 0.25)).abs() < 1e-15);
    assert_eq!(evaluation.top_k[1].accuracy, Some(0.5));
}

#[test]
fn a_network_with_one_class_is_always_correct() {
    let evaluation = evaluate(&predicting(1, &[(0, 0), (0, 0)]), &["only"]);
    assert_eq!((evaluation.accuracy, evaluation.loss), (Some(1.0), Some(0.0)));
    assert_eq!((evaluation.top_k.len(), evaluation.macro_f1), (1, Some(1.0)));
    assert_eq!((evaluation.calibration.ece, nulls(&evaluation)), (Some(0.0), 2 * 14));
}

#[test]
fn a_label_whose_probability_is_rounded_to_zero_has_a_finite_loss() {
    let impossible = Probabilities::new(&Logits::new(2, vec![1], vec![3000.0, 0.0])).unwrap();
    let evaluation = evaluate(&impossible, &["a", "b"]);
    assert_eq!((evaluation.loss, evaluation.calibration.ece), (Some(3000.0), Some(1.0)));
}

#[test]
fn a_tie_in_accuracy_is_broken_by_loss() {
    let score = |accuracy, loss| Score { accuracy, loss };
    assert!(score(0.9, 0.3).is_better_than(&score(0.8, 0.1)));
    assert!(score(0.9, 0.1).is_better_than(&score(0.9, 0.2)));
    assert!(!score(0.9, 0.2).is_better_than(&score(0.9, 0.2)));
}
