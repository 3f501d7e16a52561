//! Reads the folder of a run: what its files say, without its weights and images.

use std::fmt::Display;
use std::fs;
use std::path::Path;

use run_files::{RunInfo, TestFile, TestNote, ValidationFile, names};
use serde::de::DeserializeOwned;

use crate::error::ReportError;
use crate::metrics::metrics;
use crate::run::{Evaluated, EvaluationFile, Run};

impl Run {
    /// Reads the folder of a run that people call `name`, and whose best model's weights have this SHA-256.
    ///
    /// The evaluation is that of the best model: on the test images, or else on the validation images. A run
    /// that was resumed after its test may have another best model, which nobody has tested. Layers, filters and
    /// the gallery's images are left empty. An evaluation that cannot be read is left out; the errors beside
    /// the run say why.
    ///
    /// # Errors
    /// If the configuration, the circumstances or the events cannot be read.
    pub fn read(
        folder: &Path,
        name: String,
        weights_sha256: &str,
    ) -> Result<(Self, Vec<ReportError>), ReportError> {
        let events = folder.join(names::METRICS);
        let mut warnings = Vec::new();
        let info = json::<RunInfo>(&folder.join(names::RUN))?;
        let run = Self {
            name,
            config: text(&folder.join(names::CONFIG))?,
            metrics: metrics(&text(&events)?).map_err(|error| damaged(&events, &error))?,
            evaluated: evaluated(folder, weights_sha256, &mut warnings),
            times_tested: times_tested(folder, &info.dataset),
            info,
            ..Self::default()
        };
        Ok((run, warnings))
    }
}

fn evaluated(folder: &Path, weights_sha256: &str, warnings: &mut Vec<ReportError>) -> Option<Evaluated> {
    let test = optional::<TestFile>(&folder.join(names::TEST), warnings);
    let validation = optional::<ValidationFile>(&folder.join(names::VALIDATION), warnings);
    // The page shows the model on the data set that it was trained on.
    let is_own = |file: &TestFile| file.weights_sha256 == weights_sha256 && file.trained_on.is_none();
    let test = test.filter(is_own).map(EvaluationFile::Test);
    let validation =
        validation.filter(|file| file.weights_sha256 == weights_sha256).map(EvaluationFile::Validation);
    test.or(validation).map(|file| Evaluated { file, gallery: Vec::new() })
}

/// A file that need not be there.
fn optional<T: DeserializeOwned>(path: &Path, warnings: &mut Vec<ReportError>) -> Option<T> {
    if !path.is_file() {
        return None;
    }
    json(path).map_err(|error| warnings.push(error)).ok()
}

/// How often the run was tested on this data set; 0 if that cannot be read.
fn times_tested(folder: &Path, dataset: &str) -> usize {
    let is_other =
        |line: &[u8]| serde_json::from_slice(line).is_ok_and(|note: TestNote| note.dataset != dataset);
    // A crash may cut off the last line, which then does not count.
    let count = |log: Vec<u8>| {
        let lines = log.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n"));
        lines.filter(|line| !is_other(line)).count()
    };
    fs::read(folder.join(names::TESTS)).map_or(0, count)
}

fn text(path: &Path) -> Result<String, ReportError> {
    fs::read_to_string(path).map_err(|error| damaged(path, &error))
}

fn json<T: DeserializeOwned>(path: &Path) -> Result<T, ReportError> {
    serde_json::from_str(&text(path)?).map_err(|error| damaged(path, &error))
}

fn damaged(path: &Path, problem: &dyn Display) -> ReportError {
    ReportError::File { path: path.to_owned(), problem: problem.to_string() }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    const EVALUATION: &str = r#"{"epoch":1,"weights_sha256":"new","dataset":"mnist",
        "evaluation":{"pictures":2,"correct":1,"classes":[],"confusion":[]}}"#;

    /// Two tests on the run's data set, one on another, and a line that a crash cut off.
    const TESTS: &str = "{}\n\
        {\"tested\":\"\",\"weights_sha256\":\"\",\"dataset\":\"mnist\",\"accuracy\":0.5}\n\
        {\"tested\":\"\",\"weights_sha256\":\"\",\"dataset\":\"sample\",\"accuracy\":0.5}\n{";

    fn folder() -> TempDir {
        let dir = TempDir::new().unwrap();
        let info = r#"{"version":"0","backend":"b","hardware":"","platform":"","threads":1,"dataset":"mnist",
            "seed":1,"started":""}"#;
        for (name, text) in [
            (names::CONFIG, "[train]\n"),
            (names::RUN, info),
            (names::METRICS, ""),
            (names::VALIDATION, EVALUATION),
            (names::TEST, &EVALUATION.replace("new", "old")),
            (names::TESTS, TESTS),
        ] {
            fs::write(dir.path().join(name), text).unwrap();
        }
        dir
    }

    #[test]
    fn the_evaluation_is_that_of_the_best_model() {
        let dir = folder();
        let read = |sha256: &str| Run::read(dir.path(), "a run".to_owned(), sha256).unwrap().0;
        let run = read("new");
        assert_eq!((run.times_tested, run.info.seed, run.config.as_str()), (2, 1, "[train]\n"));
        assert!(matches!(run.evaluated.unwrap().file, EvaluationFile::Validation(_)));
        assert!(matches!(read("old").evaluated.unwrap().file, EvaluationFile::Test(_)));
        assert_eq!(read("other").evaluated, None);
    }

    #[test]
    fn a_test_on_another_data_set_is_not_the_runs_evaluation() {
        let dir = folder();
        let test = EVALUATION.replace(r#""evaluation""#, r#""trained_on":"sample","evaluation""#);
        fs::write(dir.path().join(names::TEST), test).unwrap();
        let run = Run::read(dir.path(), String::new(), "new").unwrap().0;
        assert!(matches!(run.evaluated.unwrap().file, EvaluationFile::Validation(_)));
    }

    #[test]
    fn a_damaged_evaluation_is_a_warning_and_other_damage_an_error() {
        let dir = folder();
        fs::write(dir.path().join(names::VALIDATION), "{").unwrap();
        let (run, warnings) = Run::read(dir.path(), String::new(), "new").unwrap();
        assert_eq!((run.evaluated, warnings.len()), (None, 1));
        assert!(warnings[0].to_string().contains("validation.json"), "{}", warnings[0]);
        for name in [names::METRICS, names::RUN] {
            fs::write(dir.path().join(name), "{\n").unwrap();
            let error = Run::read(dir.path(), String::new(), "new").unwrap_err().to_string();
            assert!(error.contains(name), "{error}");
        }
    }
}
