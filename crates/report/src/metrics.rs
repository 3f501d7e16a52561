//! What a run's directory holds, as plain structs: run.json, metrics.jsonl, test.json and validation.json.

use serde::Deserialize;

use crate::ReportError;

/// `run.json`: where and on what a run was trained.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct RunInfo {
    pub version: String,
    pub backend: String,
    pub hardware: String,
    pub platform: String,
    pub threads: usize,
    pub dataset: String,
    /// SHA-256 of each data file, by name.
    #[serde(default)]
    pub data_sha256: Vec<(String, String)>,
    pub seed: u64,
    /// RFC 3339, UTC.
    pub started: String,
    /// Each time that it went on after an interruption.
    #[serde(default)]
    pub resumed: Vec<Resumed>,
}

/// A run went on.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Resumed {
    /// Steps done before.
    pub step: usize,
    /// RFC 3339, UTC.
    pub time: String,
    pub version: String,
    pub backend: String,
}

/// A line of `metrics.jsonl`. What was not a number there is `None`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// Before the first step.
    Start { epochs: usize, steps_per_epoch: usize, batch_size: usize, train: usize, validation: usize },
    /// After a logging window.
    Step(StepEvent),
    /// After an epoch and its validation.
    Epoch(EpochEvent),
    /// After the last epoch.
    Finish { epochs: usize, best_epoch: usize, seconds: Option<f64> },
    /// An event of a newer version.
    #[serde(other)]
    Unknown,
}

/// A logging window: the steps since the one before.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct StepEvent {
    /// Steps done in the whole run.
    pub step: usize,
    pub loss: Option<f64>,
    pub accuracy: Option<f64>,
    pub learning_rate: Option<f64>,
    /// Since the run began.
    pub seconds: Option<f64>,
}

/// An epoch, with the score on validation.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct EpochEvent {
    /// From 1.
    pub epoch: usize,
    /// Steps done in the whole run.
    pub step: usize,
    pub train_loss: Option<f64>,
    pub train_accuracy: Option<f64>,
    pub validation_loss: Option<f64>,
    pub validation_accuracy: Option<f64>,
    #[serde(default)]
    pub is_best: bool,
    pub seconds: Option<f64>,
}

/// Reads `metrics.jsonl`. A last line that was cut off, as a crash leaves it, is passed over.
///
/// # Errors
/// If any other line is no event.
pub fn events(text: &str) -> Result<Vec<Event>, ReportError> {
    let lines: Vec<&str> = text.lines().collect();
    let mut events = Vec::with_capacity(lines.len());
    for (index, line) in lines.iter().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        match serde_json::from_str(line) {
            Ok(event) => events.push(event),
            Err(_) if index + 1 == lines.len() && !text.ends_with('\n') => {}
            Err(source) => return Err(ReportError::Event { line: index + 1, source }),
        }
    }
    Ok(events)
}

/// `test.json`, or `validation.json`, which lacks what only a test has.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Test {
    /// The epoch whose weights were judged, from 1.
    pub epoch: usize,
    #[serde(default)]
    pub weights_sha256: String,
    pub dataset: String,
    #[serde(default)]
    pub backend: String,
    /// RFC 3339, UTC.
    pub tested: Option<String>,
    /// How often this run has been tested.
    pub times_tested: Option<usize>,
    pub evaluation: Evaluation,
    /// The wrong pictures of the largest loss, by falling loss.
    #[serde(default)]
    pub worst: Vec<Mistake>,
    pub corruptions: Option<Corruptions>,
}

/// How well pictures were classified; `None` is what has no pictures to be computed from.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Evaluation {
    pub pictures: usize,
    pub correct: usize,
    pub accuracy: Option<f64>,
    /// Wilson's 95 % interval.
    pub accuracy_interval: Option<[f64; 2]>,
    /// Mean negative log-likelihood, nats.
    pub loss: Option<f64>,
    #[serde(default)]
    pub top_k: Vec<TopK>,
    /// Mean of the defined F1s.
    pub macro_f1: Option<f64>,
    pub calibration: Option<Calibration>,
    pub classes: Vec<Class>,
    /// `[label][prediction]`
    pub confusion: Vec<Vec<usize>>,
}

/// The share of pictures whose label is among the k most probable classes.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct TopK {
    pub k: usize,
    pub accuracy: Option<f64>,
}

/// Whether probabilities can be believed (Guo et al. 2017).
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Calibration {
    /// Expected calibration error.
    pub ece: Option<f64>,
    /// Bins of the largest probability, rising.
    pub bins: Vec<Bin>,
}

/// The pictures whose largest probability lies in (low, high].
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Bin {
    pub low: f64,
    pub high: f64,
    pub pictures: usize,
    /// Mean of the largest probability.
    pub confidence: Option<f64>,
    pub accuracy: Option<f64>,
}

/// How well one class was told from the others.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Class {
    pub name: String,
    /// Pictures of this label.
    pub support: usize,
    pub precision: Option<f64>,
    pub recall: Option<f64>,
    pub f1: Option<f64>,
}

/// A picture that was classified wrongly.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Mistake {
    /// Position in the data file.
    pub index: usize,
    pub label: usize,
    pub prediction: usize,
    pub loss: Option<f64>,
    #[serde(default)]
    pub probabilities: Vec<Option<f64>>,
}

/// Accuracy on the same pictures, corrupted.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Corruptions {
    pub mean_accuracy: Option<f64>,
    pub each: Vec<Corruption>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Corruption {
    pub name: String,
    pub accuracy: Option<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: &str = r#"{"event":"step","epoch":1,"step":20,"loss":null,"accuracy":0.38,"learning_rate":1e-4,"gradient_norm":1.9,"seconds":0.4}"#;

    #[test]
    fn events_of_every_kind_are_read_and_what_is_not_a_number_is_none() {
        let text = format!(
            "{}\n{STEP}\n{}\n{}\n{}\n",
            r#"{"event":"start","epochs":3,"steps_per_epoch":429,"batch_size":128,"train":55000,"validation":5000,"seconds":0.0}"#,
            r#"{"event":"epoch","epoch":1,"step":429,"train_loss":0.2,"train_accuracy":0.94,"validation_loss":0.06,"validation_accuracy":0.98,"is_best":true,"seconds":9.9}"#,
            r#"{"event":"finish","epochs":3,"best_epoch":3,"best_accuracy":0.9918,"best_loss":0.03,"seconds":29.9}"#,
            r#"{"event":"coffee","cups":2}"#,
        );
        let events = events(&text).unwrap();
        assert_eq!(events.len(), 5);
        let Event::Step(step) = &events[1] else { panic!("{events:?}") };
        assert_eq!((step.loss, step.accuracy), (None, Some(0.38)));
        assert_eq!(events[3], Event::Finish { epochs: 3, best_epoch: 3, seconds: Some(29.9) });
        assert_eq!(events[4], Event::Unknown);
    }

    #[test]
    fn half_a_last_line_is_passed_over_and_half_a_line_elsewhere_is_an_error() {
        let half = &STEP[..30];
        assert_eq!(events(&format!("{STEP}\n{half}")).unwrap().len(), 1);
        let error = events(&format!("{half}\n{STEP}\n")).unwrap_err().to_string();
        assert!(error.contains("line 1"), "{error}");
        assert!(events(&format!("{half}\n{STEP}")).is_err(), "nor is one in the middle");
        assert!(events(&format!("{STEP}\n{half}\n")).is_err(), "a whole line is no cut-off one");
        assert_eq!(events("").unwrap(), []);
    }

    #[test]
    fn validation_json_lacks_what_only_a_test_has_and_may_have_more() {
        let text = r#"{"run":"r","epoch":3,"weights_sha256":"a","dataset":"mnist","backend":"ndarray","new":1,
            "evaluation":{"pictures":0,"correct":0,"accuracy":null,"accuracy_interval":null,"loss":null,
            "top_k":[{"k":1,"accuracy":null}],"macro_f1":null,"calibration":{"ece":null,"bins":[]},
            "classes":[{"name":"0","support":0,"precision":null,"recall":null,"f1":null}],"confusion":[[0]]},
            "worst":[{"index":1,"label":0,"prediction":1,"loss":null,"probabilities":[null,0.5]}]}"#;
        let test: Test = serde_json::from_str(text).unwrap();
        assert_eq!((test.times_tested, &test.corruptions), (None, &None));
        assert_eq!(test.worst[0].probabilities, [None, Some(0.5)]);
    }
}
