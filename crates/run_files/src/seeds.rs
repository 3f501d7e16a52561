//! The files of a folder that holds several runs, which differ in their seed alone.

use serde::{Deserialize, Serialize};

use crate::evaluation::Evaluation;

/// Which runs belong to a folder: `seeds.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeedsInfo {
    /// Version of the program that made the folder.
    pub version: String,
    /// In the order in which they are trained.
    pub seeds: Vec<u64>,
    /// When the first run began, RFC 3339, UTC.
    pub started: String,
    /// Name of the backend on which runs are begun, because another one would end in other bits.
    #[serde(default)]
    pub backend: Option<String>,
}

/// `test.json` of the folder: its runs side by side, and all of them together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeedsTestFile {
    /// The folder, as people call it.
    pub folder: String,
    pub dataset: String,
    pub backend: String,
    /// RFC 3339, UTC.
    pub tested: String,
    pub runs: Vec<SeedTest>,
    /// Of the runs' accuracies.
    pub accuracy: Spread,
    /// Of the runs' losses, in nats.
    pub loss: Spread,
    /// Of the runs' mean accuracies on MNIST-C; not written unless every run has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrupted_accuracy: Option<Spread>,
    /// Of the ensemble, whose probabilities are the mean of the runs'.
    pub ensemble: Evaluation,
}

/// One run of the folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeedTest {
    pub run: String,
    pub seed: u64,
    /// The epoch whose weights were tested, from 1.
    pub epoch: usize,
    pub weights_sha256: String,
    /// How often the run has been tested, this time included.
    pub times_tested: usize,
    pub accuracy: Option<f64>,
    pub loss: Option<f64>,
    /// Expected calibration error.
    pub ece: Option<f64>,
}

/// Mean and spread of one number over several runs; what is undefined is `None`, and `null` in the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// How many values there are.
    pub n: usize,
    /// `None` if there are no values.
    pub mean: Option<f64>,
    /// Of a sample, with n - 1 degrees of freedom; `None` if there are fewer than two values.
    pub standard_deviation: Option<f64>,
    /// Of the mean: the standard deviation over the root of n.
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
        assert_eq!(older.backend, None);
        assert!(serde_json::to_string(&older).unwrap().ends_with(r#""backend":null}"#));
    }

    #[test]
    fn the_folders_test_json_keeps_its_keys_and_their_order() {
        let spread = r#"{"n":1,"mean":0.5,"standard_deviation":null,"standard_error":null}"#;
        let text = |corrupted: &str| {
            format!(
                r#"{{"folder":"runs/s","dataset":"mnist","backend":"ndarray","tested":"t","runs":[{{"run":"runs/s/seed-1","seed":1,"epoch":3,"weights_sha256":"a","times_tested":1,"accuracy":0.5,"loss":null,"ece":0.1}}],"accuracy":{spread},"loss":{spread},{corrupted}"ensemble":{}}}"#,
                serde_json::to_string(&Evaluation::default()).unwrap()
            )
        };
        for text in [text(""), text(&format!(r#""corrupted_accuracy":{spread},"#))] {
            let file: SeedsTestFile = serde_json::from_str(&text).unwrap();
            assert_eq!(serde_json::to_string(&file).unwrap(), text);
        }
    }
}
