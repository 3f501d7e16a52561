//! The evaluations of a run's best model: `validation.json`, `test.json` and `tests.jsonl`.

use serde::{Deserialize, Serialize};

use crate::evaluation::Evaluation;
use crate::number;

/// `validation.json`: the evaluation of the best model on the validation images, by which its epoch was
/// chosen. No test image was used for it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ValidationFile {
    /// The epoch whose weights were evaluated, from 1.
    pub epoch: usize,
    /// SHA-256 of the weights' file, in hexadecimal; empty in a file that does not contain it.
    #[serde(default)]
    pub weights_sha256: String,
    /// Name of the data set, e.g. `fashion-mnist`.
    pub dataset: String,
    /// Name of the backend, e.g. `ndarray`.
    #[serde(default)]
    pub backend: String,
    pub evaluation: Evaluation,
    /// Wrongly classified images by falling loss.
    #[serde(default)]
    pub worst: Vec<Mistake>,
}

/// `test.json`: the evaluation of the best model on the test images.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TestFile {
    /// The run's folder, as a person would write it.
    #[serde(default)]
    pub run: String,
    /// The epoch whose weights were tested, from 1. It is the epoch with the best validation.
    pub epoch: usize,
    /// SHA-256 of the weights' file, in hexadecimal; empty in a file that does not contain it.
    #[serde(default)]
    pub weights_sha256: String,
    /// Name of the data set, e.g. `fashion-mnist`.
    pub dataset: String,
    /// Name of the data set that the model was trained on, if it was tested on another one. Otherwise the key is
    /// not written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trained_on: Option<String>,
    /// Name and SHA-256 of each data file.
    #[serde(default)]
    pub data_sha256: Vec<(String, String)>,
    /// Name of the backend, e.g. `ndarray`.
    #[serde(default)]
    pub backend: String,
    /// When the run was tested, as RFC 3339 in UTC; empty in a file that does not contain it.
    #[serde(default)]
    pub tested: String,
    /// How often the run has been tested on this data set, this time included; 0 in a file that does not contain
    /// it.
    #[serde(default)]
    pub times_tested: usize,
    pub evaluation: Evaluation,
    /// Wrongly classified images by falling loss.
    #[serde(default)]
    pub worst: Vec<Mistake>,
    /// Accuracies on the corrupted test images of MNIST-C. Without them the key is not written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corruptions: Option<CorruptionScores>,
}

/// An image that was classified wrongly.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Mistake {
    /// The image's index in the data set's file.
    pub index: usize,
    pub label: usize,
    pub prediction: usize,
    /// Negative log-likelihood of the label, in nats; `None` in a file of an older version if the label's
    /// probability was rounded to zero.
    pub loss: Option<f64>,
    /// The probability of each class.
    #[serde(default, deserialize_with = "number::each_or_nan")]
    pub probabilities: Vec<f64>,
}

/// The accuracies on the test images after each corruption of MNIST-C.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CorruptionScores {
    /// Mean of the accuracies.
    #[serde(default = "number::missing", deserialize_with = "number::or_nan")]
    pub mean_accuracy: f64,
    pub each: Vec<CorruptionScore>,
}

/// The accuracy on the test images after one corruption.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CorruptionScore {
    /// Name of the corruption, e.g. `shot-noise`.
    pub name: String,
    #[serde(default = "number::missing", deserialize_with = "number::or_nan")]
    pub accuracy: f64,
}

/// A line of `tests.jsonl`, the log of all tests of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TestNote {
    /// When the run was tested, as RFC 3339 in UTC.
    pub tested: String,
    /// SHA-256 of the tested weights' file, in hexadecimal.
    pub weights_sha256: String,
    /// Name of the data set, e.g. `fashion-mnist`.
    pub dataset: String,
    pub accuracy: Option<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVALUATION: &str = concat!(
        r#""evaluation":{"pictures":0,"correct":0,"accuracy":null,"accuracy_interval":null,"loss":null,"#,
        r#""top_k":[],"macro_f1":null,"calibration":{"ece":null,"bins":[]},"classes":[],"confusion":[]}"#
    );
    const WORST: &str =
        r#""worst":[{"index":1,"label":0,"prediction":1,"loss":null,"probabilities":[0.25,0.5]}]"#;

    #[test]
    fn validation_json_keeps_its_keys_and_their_order() {
        let text = format!(
            r#"{{"epoch":3,"weights_sha256":"a","dataset":"mnist","backend":"ndarray",{EVALUATION},{WORST}}}"#
        );
        let file: ValidationFile = serde_json::from_str(&text).unwrap();
        assert_eq!((file.epoch, file.worst[0].loss), (3, None));
        assert_eq!(serde_json::to_string(&file).unwrap(), text);
    }

    #[test]
    fn test_json_keeps_its_keys_and_has_some_only_where_they_apply() {
        let without = format!(
            r#"{{"run":"runs/a","epoch":3,"weights_sha256":"a","dataset":"mnist","data_sha256":[["t10k","ab"]],"backend":"ndarray","tested":"t","times_tested":2,{EVALUATION},{WORST}}}"#
        );
        let corruptions = r#","corruptions":{"mean_accuracy":0.5,"each":[{"name":"fog","accuracy":0.5}]}}"#;
        let with = without.strip_suffix('}').unwrap().to_owned() + corruptions;
        let other = without.replace(r#""data_sha256""#, r#""trained_on":"sample","data_sha256""#);
        for text in [&without, &with, &other] {
            let file: TestFile = serde_json::from_str(text).unwrap();
            assert_eq!(
                (file.corruptions.is_some(), file.trained_on.is_some()),
                (*text == with, *text == other)
            );
            assert_eq!(serde_json::to_string(&file).unwrap(), *text);
        }
    }

    #[test]
    fn a_file_of_an_older_version_may_lack_all_keys_but_three() {
        let text = format!(r#"{{"epoch":3,"dataset":"mnist","new":1,{EVALUATION}}}"#);
        let file: TestFile = serde_json::from_str(&text).unwrap();
        assert_eq!((file.times_tested, file.tested.as_str(), &file.corruptions), (0, "", &None));
        assert!(serde_json::from_str::<ValidationFile>(&text).is_ok());
        assert!(serde_json::from_str::<TestFile>(&text.replace("evaluation", "metrics")).is_err());
    }

    #[test]
    fn a_number_that_is_null_is_read_as_nan() {
        let mistake: Mistake = serde_json::from_str(
            r#"{"index":1,"label":0,"prediction":1,"loss":null,"probabilities":[null,0.5]}"#,
        )
        .unwrap();
        assert!(mistake.probabilities[0].is_nan());
        assert_eq!(mistake.probabilities[1], 0.5);
        let scores: CorruptionScores =
            serde_json::from_str(r#"{"mean_accuracy":null,"each":[{"name":"fog"}]}"#).unwrap();
        assert!(scores.mean_accuracy.is_nan() && scores.each[0].accuracy.is_nan());
    }

    #[test]
    fn a_note_of_a_test_keeps_its_keys_and_their_order() {
        let text = r#"{"tested":"t","weights_sha256":"a","dataset":"mnist","accuracy":null}"#;
        assert_eq!(serde_json::to_string(&serde_json::from_str::<TestNote>(text).unwrap()).unwrap(), text);
    }
}
