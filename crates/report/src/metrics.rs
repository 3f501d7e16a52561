//! Reads the text of `metrics.jsonl`.

use run_files::MetricsLine;

use crate::error::ReportError;

/// The lines of `metrics.jsonl`. A crash may cut off the last line, which is then left out.
///
/// # Errors
/// If any other line is not an event.
pub fn metrics(text: &str) -> Result<Vec<MetricsLine>, ReportError> {
    let lines: Vec<&str> = text.lines().collect();
    let mut metrics = Vec::with_capacity(lines.len());
    for (index, line) in lines.iter().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        match serde_json::from_str(line) {
            Ok(read) => metrics.push(read),
            Err(_) if index + 1 == lines.len() && !text.ends_with('\n') => {}
            Err(source) => return Err(ReportError::Event { line: index + 1, source }),
        }
    }
    Ok(metrics)
}

#[cfg(test)]
mod tests {
    use run_files::{Event, FinishEvent};

    use super::*;

    const STEP: &str = r#"{"event":"step","epoch":1,"step":20,"loss":null,"accuracy":0.38,"learning_rate":1e-4,"gradient_norm":1.9,"seconds":0.4}"#;

    #[test]
    fn events_of_every_kind_are_read_and_what_is_not_a_number_is_nan() {
        let text = format!(
            "{}\n{STEP}\n{}\n{}\n{}\n",
            r#"{"event":"start","epochs":3,"steps_per_epoch":429,"batch_size":128,"train":55000,"validation":5000,"seconds":0.0}"#,
            r#"{"event":"epoch","epoch":1,"step":429,"train_loss":0.2,"train_accuracy":0.94,"validation_loss":0.06,"validation_accuracy":0.98,"is_best":true,"seconds":9.9}"#,
            r#"{"event":"finish","epochs":3,"best_epoch":3,"best_accuracy":0.9918,"best_loss":0.03,"seconds":29.9}"#,
            r#"{"event":"coffee","cups":2}"#,
        );
        let lines = metrics(&text).unwrap();
        assert_eq!(lines.len(), 5);
        let Event::Step(step) = &lines[1].event else { panic!("{lines:?}") };
        assert!(step.loss.is_nan());
        assert_eq!((step.accuracy, lines[1].seconds), (0.38, 0.4));
        let finish = FinishEvent { epochs: 3, best_epoch: 3, best_accuracy: 0.9918, best_loss: 0.03 };
        assert_eq!(lines[3], MetricsLine { event: Event::Finish(finish), seconds: 29.9 });
        assert_eq!(lines[4].event, Event::Unknown);
    }

    #[test]
    fn half_a_last_line_is_passed_over_and_half_a_line_elsewhere_is_an_error() {
        let half = &STEP[..30];
        assert_eq!(metrics(&format!("{STEP}\n{half}")).unwrap().len(), 1);
        let error = metrics(&format!("{half}\n{STEP}\n")).unwrap_err().to_string();
        assert!(error.contains("line 1"), "{error}");
        assert!(metrics(&format!("{half}\n{STEP}")).is_err(), "nor is one in the middle");
        assert!(metrics(&format!("{STEP}\n{half}\n")).is_err(), "a whole line is no cut-off one");
        assert_eq!(metrics("").unwrap(), []);
    }
}
