//! The observer that writes a run's events for TensorBoard, which draws them as curves during training.

use std::io;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use run_files::Event;

use crate::config::{self, Config};
use crate::train::observer::Observer;
use event_file::{EventWriter, tag};

pub mod event_file;

/// An observer that writes a run's events into an event file.
#[derive(Debug)]
pub struct TensorBoard {
    writer: EventWriter,
}

impl TensorBoard {
    /// Begins a new event file in `folder`. `step` is the number of steps that the run has done: 0 for a new
    /// run, more for a resumed one.
    ///
    /// # Errors
    /// If the event file cannot be written.
    pub fn new(folder: &Path, config: &Config, step: usize) -> io::Result<Self> {
        let now = SystemTime::now();
        let writer = match step {
            0 => {
                let config = config::to_toml(config).map_err(io::Error::other)?;
                let mut writer = EventWriter::create(folder, now)?;
                writer.text(0, seconds(now), tag::CONFIGURATION, &format!("```toml\n{config}```\n"))?;
                writer
            }
            step => EventWriter::resume(folder, now, step as i64 + 1)?,
        };
        Ok(Self { writer })
    }
}

impl Observer for TensorBoard {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        // TensorBoard stores values as `f32`.
        let (step, values) = match event {
            Event::Start(_) | Event::Finish(_) | Event::Unknown => return self.writer.flush(),
            Event::Step(step) => (
                step.step,
                [
                    (tag::TRAIN_LOSS, step.loss as f32),
                    (tag::TRAIN_ACCURACY, step.accuracy as f32),
                    (tag::LEARNING_RATE, step.learning_rate as f32),
                    (tag::GRADIENT_NORM, step.gradient_norm as f32),
                ],
            ),
            Event::Epoch(epoch) => (
                epoch.step,
                [
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
