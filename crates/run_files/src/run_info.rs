//! `run.json`: the circumstances in which a run was trained.

use serde::{Deserialize, Serialize};

use crate::numerics::Numerics;

/// `run.json`: the version, backend, machine and data of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunInfo {
    /// Version of the program that began the run.
    pub version: String,
    /// Name of the backend, e.g. `ndarray`.
    pub backend: String,
    /// The arithmetic that the run began with.
    #[serde(default)]
    pub numerics: Numerics,
    /// The CPU's or the graphics adapter's name.
    pub hardware: String,
    /// Operating system and processor architecture.
    pub platform: String,
    /// Number of hardware threads available to the process.
    pub threads: usize,
    /// Name of the data set, e.g. `fashion-mnist`.
    pub dataset: String,
    /// Name and SHA-256 of each data file.
    #[serde(default)]
    pub data_sha256: Vec<(String, String)>,
    /// The data directory that the images were read from the last time, as an absolute path. The key is not
    /// written if the images are part of the program, or if the path is not text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_dir: Option<String>,
    /// The value of `train.seed`.
    pub seed: u64,
    /// Where the weights came from that the run's training began with. Without the key it began with random ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub init: Option<WeightsSource>,
    /// Where the run's model came from if it was imported and not trained here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported: Option<WeightsSource>,
    /// When the run began, as RFC 3339 in UTC.
    pub started: String,
    /// The resumes of the run after interruptions, in order.
    #[serde(default)]
    pub resumed: Vec<Resumed>,
}

/// Where weights came from that a run did not learn itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeightsSource {
    /// The run or the file, as a person would write it.
    pub from: String,
    /// SHA-256 of its weights as a run keeps them, in hexadecimal.
    pub sha256: String,
}

/// One resume of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resumed {
    /// Number of steps that the run had done before.
    pub step: usize,
    /// When the run was resumed, as RFC 3339 in UTC.
    pub time: String,
    /// Version of the program that resumed the run.
    pub version: String,
    /// Name of the backend that the run was resumed on, e.g. `ndarray`.
    pub backend: String,
    /// The arithmetic that the run went on with.
    #[serde(default)]
    pub numerics: Numerics,
}

impl RunInfo {
    /// The arithmetic of the run's newest steps.
    pub fn newest_numerics(&self) -> &Numerics {
        self.resumed.last().map_or(&self.numerics, |resumed| &resumed.numerics)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn run_json_keeps_its_keys_and_their_order() {
        let text = concat!(
            r#"{"version":"0.1.0","backend":"ndarray","numerics":{"version":2,"level":"avx2","fused":true},"#,
            r#""hardware":"a processor","platform":"linux x86_64","#,
            r#""threads":2,"dataset":"fashion-mnist","data_sha256":[["t10k","ab"]],"seed":7,"#,
            r#""started":"2026-11-24T15:00:42.310Z","resumed":[{"step":429,"time":"t","version":"v","#,
            r#""backend":"flex","numerics":{"version":3,"level":"portable","fused":false}}]}"#
        );
        let info: RunInfo = serde_json::from_str(text).unwrap();
        assert_eq!(info.resumed[0].step, 429);
        assert_eq!(info.newest_numerics().version, 3);
        assert_eq!(serde_json::to_string(&info).unwrap(), text);
    }

    #[test]
    fn the_data_directory_is_written_only_if_it_is_known() {
        let text = concat!(
            r#"{"version":"0.2.0","backend":"ndarray","numerics":{"version":1},"hardware":"","platform":"","threads":2,"#,
            r#""dataset":"mnist","data_sha256":[],"data_dir":"/data","seed":7,"started":"","resumed":[]}"#
        );
        let info: RunInfo = serde_json::from_str(text).unwrap();
        assert_eq!(info.data_dir.as_deref(), Some("/data"));
        assert_eq!(serde_json::to_string(&info).unwrap(), text);
        let unknown = RunInfo { data_dir: None, ..info };
        assert!(!serde_json::to_string(&unknown).unwrap().contains("data_dir"));
    }

    #[test]
    fn a_run_that_was_never_resumed_may_lack_the_list() {
        let text = r#"{"version":"0","backend":"ndarray","hardware":"","platform":"","threads":1,
            "dataset":"sample","seed":1,"started":"","new":1}"#;
        let info: RunInfo = serde_json::from_str(text).unwrap();
        assert_eq!(info.newest_numerics(), &Numerics { version: 1, level: None, fused: None });
        assert_eq!((info.resumed, info.data_sha256), (vec![], vec![]));
        assert!(serde_json::from_str::<RunInfo>(&text.replace("backend", "back")).is_err());
    }
}
