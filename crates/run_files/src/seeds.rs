//! The files of a folder that holds several runs, which differ only in their seed.

use serde::{Deserialize, Serialize};

use crate::evaluation::Evaluation;
use crate::run_info::WeightsSource;

/// `seeds.json`: the runs that belong to a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeedsInfo {
    /// Version of the program that made the folder.
    pub version: String,
    /// The seed of each run, in the order in which the runs are trained.
    pub seeds: Vec<u64>,
    /// When the folder was made, as RFC 3339 in UTC.
    pub started: String,
    /// Name of the backend on which the folder was begun. The runs that are still to come are begun on it as
    /// well, because another backend would give other bits. Files of older versions do not contain it.
    #[serde(default)]
    pub backend: Option<String>,
    /// The data directory that the images were read from the last time, as in `run.json`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_dir: Option<String>,
    /// Where the weights came from that each run's training begins with, as in `run.json`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub init: Option<WeightsSource>,
}

/// `test.json` of the folder: the results of each run, their spread, and the evaluation of the runs'
/// ensemble.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeedsTestFile {
    /// The folder, as a person would write it.
    pub folder: String,
    /// Name of the data set, e.g. `fashion-mnist`.
    pub dataset: String,
    /// Name of the data set that the models were trained on, if they were tested on another one. Otherwise the
    /// key is not written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trained_on: Option<String>,
    /// Name of the backend, e.g. `ndarray`.
    pub backend: String,
    /// When the folder was tested, as RFC 3339 in UTC.
    pub tested: String,
    pub runs: Vec<SeedTest>,
    /// The seeds that are missing from `runs`, and so from all means. Without any the key is not written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<MissingSeed>,
    /// Spread of the runs' accuracies.
    pub accuracy: Spread,
    /// Spread of the runs' losses, in nats.
    pub loss: Spread,
    /// Spread of the runs' mean accuracies on MNIST-C. The key is not written unless every run has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrupted_accuracy: Option<Spread>,
    /// The evaluation of the ensemble, whose probabilities are the mean of the runs' probabilities.
    pub ensemble: Evaluation,
}

/// The result of one run of the folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeedTest {
    /// The run's folder, as a person would write it.
    pub run: String,
    pub seed: u64,
    /// The epoch whose weights were tested, from 1.
    pub epoch: usize,
    /// SHA-256 of the weights' file, in hexadecimal.
    pub weights_sha256: String,
    /// How often the run has been tested, this time included.
    pub times_tested: usize,
    pub accuracy: Option<f64>,
    /// Mean negative log-likelihood of the labels, in nats.
    pub loss: Option<f64>,
    /// Expected calibration error.
    pub ece: Option<f64>,
}

/// A seed whose run could not be tested.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingSeed {
    pub seed: u64,
    /// Why its run could not be tested, as a sentence for people.
    pub reason: String,
}

/// Mean and spread of one metric over several runs. An undefined number is `None`, and `null` in the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Number of values.
    pub n: usize,
    /// Mean of the values; `None` if there are none.
    pub mean: Option<f64>,
    /// Standard deviation of the values as a sample, with n - 1 degrees of freedom; `None` if there are fewer
    /// than two values.
    pub standard_deviation: Option<f64>,
    /// Standard error of the mean: the standard deviation divided by the square root of n.
    pub standard_error: Option<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_json_keeps_its_keys_and_an_older_one_names_no_backend() {
        let text = r#"{"version":"0.1.0","seeds":[1,2],"started":"t","backend":"ndarray"}"#;
        let info: SeedsInfo = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&info).unwrap(), text);
        let older =
            serde_json::from_str::<SeedsInfo>(r#"{"version":"0","seeds":[1],"started":"t"}"#).unwrap();
        assert_eq!((&older.backend, &older.data_dir), (&None, &None));
        let text = r#"{"version":"0.2.0","seeds":[1],"started":"t","backend":null,"data_dir":"/data"}"#;
        assert_eq!(serde_json::to_string(&serde_json::from_str::<SeedsInfo>(text).unwrap()).unwrap(), text);
        assert!(serde_json::to_string(&older).unwrap().ends_with(r#""backend":null}"#));
    }

    #[test]
    fn the_folders_test_json_keeps_its_keys_and_their_order() {
        let spread = r#"{"n":1,"mean":0.5,"standard_deviation":null,"standard_error":null}"#;
        let text = |trained_on: &str, missing: &str, corrupted: &str| {
            format!(
                r#"{{"folder":"runs/s","dataset":"mnist",{trained_on}"backend":"ndarray","tested":"t","runs":[{{"run":"runs/s/seed-1","seed":1,"epoch":3,"weights_sha256":"a","times_tested":1,"accuracy":0.5,"loss":null,"ece":0.1}}],{missing}"accuracy":{spread},"loss":{spread},{corrupted}"ensemble":{}}}"#,
                serde_json::to_string(&Evaluation::default()).unwrap()
            )
        };
        let missing = r#""missing":[{"seed":2,"reason":"damaged"}],"#;
        let corrupted = format!(r#""corrupted_accuracy":{spread},"#);
        for text in [text("", "", ""), text(r#""trained_on":"sample","#, missing, &corrupted)] {
            let file: SeedsTestFile = serde_json::from_str(&text).unwrap();
            assert_eq!(serde_json::to_string(&file).unwrap(), text);
        }
    }
}
