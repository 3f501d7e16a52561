//! `train --tensorboard`: a run's events as curves that TensorBoard draws while they grow.

use std::io;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use learner::run_dir::RunDir;
use learner::tensorboard::{EventWriter, tag};
use run_files::Event;

/// Where a run's event files are.
pub(crate) fn folder(run: &RunDir) -> PathBuf {
    run.path().join("tensorboard")
}

/// Writes a run's events as they happen.
#[derive(Debug)]
pub(crate) struct TensorBoard {
    writer: EventWriter,
}

impl TensorBoard {
    /// Goes on after `step` steps (0: begins).
    ///
    /// # Errors
    /// If the event file cannot be written.
    pub(crate) fn new(run: &RunDir, step: usize) -> io::Result<Self> {
        let now = SystemTime::now();
        let writer = match step {
            0 => {
                let config = std::fs::read_to_string(run.config_file())?;
                let mut writer = EventWriter::create(&folder(run), now)?;
                writer.text(0, seconds(now), tag::CONFIGURATION, &format!("```toml\n{config}```\n"))?;
                writer
            }
            step => EventWriter::resume(&folder(run), now, step as i64 + 1)?,
        };
        Ok(Self { writer })
    }

    /// # Errors
    /// If the event file cannot be written.
    pub(crate) fn event(&mut self, event: &Event) -> io::Result<()> {
        // TensorBoard keeps `f32`.
        let (step, values) = match event {
            Event::Start(_) | Event::Finish(_) | Event::Unknown => return self.writer.flush(),
            Event::Step(step) => (
                step.step,
                vec![
                    (tag::TRAIN_LOSS, step.loss as f32),
                    (tag::TRAIN_ACCURACY, step.accuracy as f32),
                    (tag::LEARNING_RATE, step.learning_rate as f32),
                    (tag::GRADIENT_NORM, step.gradient_norm as f32),
                ],
            ),
            Event::Epoch(epoch) => (
                epoch.step,
                vec![
                    (tag::EPOCH_LOSS, epoch.train_loss as f32),
                    (tag::EPOCH_ACCURACY, epoch.train_accuracy as f32),
                    (tag::VALIDATION_LOSS, epoch.validation_loss as f32),
                    (tag::VALIDATION_ACCURACY, epoch.validation_accuracy as f32),
                ],
            ),
        };
        self.writer.scalars(step as i64, seconds(SystemTime::now()), &values)?;
        self.writer.flush()
    }
}

fn seconds(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}
