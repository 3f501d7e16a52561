//! `thresholds.json`: how far the answers of a run's best model can be believed.

use serde::{Deserialize, Serialize};

/// What the validation images decided after training. `predict` uses it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ThresholdsFile {
    /// SHA-256 of the weights' file, in hexadecimal.
    pub weights_sha256: String,
    /// Name of the data set, e.g. `fashion-mnist`.
    pub dataset: String,
    /// How many validation images decided.
    pub images: usize,
    /// Divides the logits before they become probabilities.
    pub temperature: f32,
    /// An image of less energy (the logarithm of the sum of the logits' exponentials) is unlike the training images.
    pub least_energy: f32,
    /// An answer of less probability is not sure.
    pub least_probability: f32,
    /// An image in which no answer has this probability shows nothing that the network knows. Earlier versions wrote
    /// none.
    #[serde(default)]
    pub least_known: f32,
    /// How many of the validation images are below one of the two.
    pub unsure: usize,
    /// How many of the others are classified wrongly.
    pub wrong_but_sure: usize,
    /// The expected calibration error of the probabilities with this temperature; `None` without images.
    pub ece: Option<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_json_keeps_its_keys_and_their_order() {
        let file = ThresholdsFile {
            weights_sha256: "ab".into(),
            dataset: "mnist".into(),
            images: 5000,
            temperature: 1.25,
            least_energy: 4.5,
            least_probability: 0.5,
            least_known: 0.25,
            unsure: 12,
            wrong_but_sure: 3,
            ece: Some(0.25),
        };
        let json = r#"{"weights_sha256":"ab","dataset":"mnist","images":5000,"temperature":1.25,"least_energy":4.5,"least_probability":0.5,"least_known":0.25,"unsure":12,"wrong_but_sure":3,"ece":0.25}"#;
        assert_eq!(serde_json::to_string(&file).unwrap(), json);
        assert_eq!(serde_json::from_str::<ThresholdsFile>(json).unwrap(), file);
        let earlier = json.replace(r#""least_known":0.25,"#, "");
        assert_eq!(serde_json::from_str::<ThresholdsFile>(&earlier).unwrap().least_known, 0.0);
    }
}
