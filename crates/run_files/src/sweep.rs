//! The files of a sweep: many runs whose configurations differ in a few keys.

use serde::{Deserialize, Serialize};

/// `sweep.json`: the circumstances of a sweep.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweepInfo {
    /// Version of the program that began the sweep.
    pub version: String,
    /// When the sweep was begun, as RFC 3339 in UTC.
    pub started: String,
    /// Name of the backend that all trials are trained on.
    pub backend: String,
    /// The data directory that the images were read from, as in `run.json`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_dir: Option<String>,
}

/// `failure.json`: why a trial cannot be trained to its end, whoever tries again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    pub reason: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sweep_json_keeps_its_keys() {
        let text = r#"{"version":"0.1.0","started":"t","backend":"ndarray","data_dir":"/data"}"#;
        let info: SweepInfo = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&info).unwrap(), text);
        let text = r#"{"version":"0.1.0","started":"t","backend":"flex"}"#;
        assert_eq!(serde_json::to_string(&serde_json::from_str::<SweepInfo>(text).unwrap()).unwrap(), text);
    }
}
