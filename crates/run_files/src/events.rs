//! The events of a run in training, and `metrics.jsonl`, which has one event in each line.

use serde::{Deserialize, Serialize};

use crate::number;

/// A line of `metrics.jsonl`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricsLine {
    #[serde(flatten)]
    pub event: Event,
    /// Seconds of training since the run began. The time between an interruption and its resume is not
    /// counted.
    #[serde(default = "number::missing", deserialize_with = "number::or_nan")]
    pub seconds: f64,
}

/// An event of a run in training.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// Training begins. A resumed run reports this event to its observers again, but does not write it into
    /// `metrics.jsonl` again.
    Start(StartEvent),
    /// A logging window has ended.
    Step(StepEvent),
    /// An epoch has ended and was validated.
    Epoch(EpochEvent),
    /// The last epoch has ended.
    Finish(FinishEvent),
    /// An event that a newer version of the program wrote. It can be read but not written.
    #[serde(other, skip_serializing)]
    Unknown,
}

/// How much work the run is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartEvent {
    pub epochs: usize,
    pub steps_per_epoch: usize,
    pub batch_size: usize,
    /// Number of training images.
    pub train: usize,
    /// Number of validation images.
    pub validation: usize,
}

/// The metrics of a logging window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StepEvent {
    /// The epoch's number, from 1; 0 in a file that does not contain it.
    #[serde(default)]
    pub epoch: usize,
    /// Number of steps done in the whole run.
    pub step: usize,
    /// Mean loss of the window's steps, in nats.
    #[serde(default = "number::missing", deserialize_with = "number::or_nan")]
    pub loss: f64,
    /// Share of the window's images that were classified correctly.
    #[serde(default = "number::missing", deserialize_with = "number::or_nan")]
    pub accuracy: f64,
    /// Learning rate of the window's last step.
    #[serde(default = "number::missing", deserialize_with = "number::or_nan")]
    pub learning_rate: f64,
    /// Euclidean norm of all gradients of the window's last step.
    #[serde(default = "number::missing", deserialize_with = "number::or_nan")]
    pub gradient_norm: f64,
}

/// The metrics of an epoch and of its validation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EpochEvent {
    /// The epoch's number, from 1.
    pub epoch: usize,
    /// Number of steps done in the whole run.
    pub step: usize,
    /// Mean loss of the epoch's steps, in nats. The network changed from step to step.
    #[serde(default = "number::missing", deserialize_with = "number::or_nan")]
    pub train_loss: f64,
    /// Share of the epoch's images that were classified correctly in their step.
    #[serde(default = "number::missing", deserialize_with = "number::or_nan")]
    pub train_accuracy: f64,
    /// Mean loss of the validation images after the epoch, in nats.
    #[serde(default = "number::missing", deserialize_with = "number::or_nan")]
    pub validation_loss: f64,
    /// Share of the validation images that were classified correctly after the epoch.
    #[serde(default = "number::missing", deserialize_with = "number::or_nan")]
    pub validation_accuracy: f64,
    /// Whether this is the best epoch so far, by its validation.
    #[serde(default)]
    pub is_best: bool,
}

/// The result of a finished run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FinishEvent {
    /// Number of epochs done.
    pub epochs: usize,
    /// The epoch with the best validation, from 1.
    pub best_epoch: usize,
    /// The accuracy of the best epoch on the validation images.
    #[serde(default = "number::missing", deserialize_with = "number::or_nan")]
    pub best_accuracy: f64,
    /// The mean loss of the best epoch on the validation images, in nats.
    #[serde(default = "number::missing", deserialize_with = "number::or_nan")]
    pub best_loss: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> MetricsLine {
        serde_json::from_str(line).unwrap()
    }

    #[test]
    fn every_kind_of_line_keeps_its_keys_and_their_order() {
        for line in [
            r#"{"event":"start","epochs":3,"steps_per_epoch":429,"batch_size":128,"train":55000,"validation":5000,"seconds":0.0}"#,
            r#"{"event":"step","epoch":1,"step":20,"loss":2.25,"accuracy":0.38,"learning_rate":0.0001,"gradient_norm":1.9,"seconds":0.4}"#,
            r#"{"event":"epoch","epoch":1,"step":429,"train_loss":0.2,"train_accuracy":0.94,"validation_loss":0.06,"validation_accuracy":0.98,"is_best":true,"seconds":9.9}"#,
            r#"{"event":"finish","epochs":3,"best_epoch":2,"best_accuracy":0.9918,"best_loss":0.03,"seconds":29.9}"#,
        ] {
            assert_eq!(serde_json::to_string(&read(line)).unwrap(), line);
        }
    }

    #[test]
    fn an_event_of_a_newer_version_is_read_but_never_written() {
        let line = read(r#"{"event":"coffee","cups":2,"seconds":1.5}"#);
        assert_eq!(line, MetricsLine { event: Event::Unknown, seconds: 1.5 });
        assert!(serde_json::to_string(&line).is_err());
    }

    #[test]
    fn an_infinite_number_is_written_as_null_and_read_as_nan() {
        let step = StepEvent { step: 20, loss: f64::INFINITY, accuracy: 0.5, ..StepEvent::default() };
        let text = serde_json::to_string(&Event::Step(step)).unwrap();
        assert!(text.contains(r#""loss":null,"accuracy":0.5"#), "{text}");
        let Event::Step(step) = read(&text).event else { panic!("{text}") };
        assert!(step.loss.is_nan());
        assert_eq!(step.accuracy, 0.5);
    }

    #[test]
    fn lines_of_older_versions_may_lack_numbers() {
        let Event::Step(step) = read(r#"{"event":"step","step":20}"#).event else { panic!("a step") };
        assert_eq!((step.step, step.epoch), (20, 0));
        assert!(step.loss.is_nan() && step.gradient_norm.is_nan());
        let line = read(r#"{"event":"epoch","epoch":1,"step":429,"seconds":null}"#);
        assert!(line.seconds.is_nan());
        assert!(matches!(line.event, Event::Epoch(EpochEvent { is_best: false, .. })));
        let line = read(r#"{"event":"finish","epochs":3,"best_epoch":2}"#);
        assert!(matches!(line.event, Event::Finish(FinishEvent { best_epoch: 2, .. })));
    }

    #[test]
    fn a_line_without_its_event_or_step_is_an_error() {
        for line in [r#"{"event":"step"}"#, r#"{"event":"epoch","epoch":1}"#, r#"{"step":20}"#, "{}", "20"] {
            assert!(serde_json::from_str::<MetricsLine>(line).is_err(), "{line}");
        }
    }
}
