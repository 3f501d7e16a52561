//! The observer that writes a run's events and checkpoints into its folder.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use run_files::{Event, MetricsLine, names};
use serde::Deserialize;

use crate::run::error::RunDirError;
use crate::run::folder::io_error;
use crate::run::run_dir::RunDir;
use crate::run::store::checkpoint;
use crate::run::store::durable::Log;
use crate::train::observer::Observer;
use crate::train::state::Snapshot;

/// An observer that writes `metrics.jsonl` and the checkpoints.
#[derive(Debug)]
pub struct Recorder {
    checkpoints: PathBuf,
    metrics: Log,
    is_resumed: bool,
    started: Instant,
    /// Seconds of training before the run was resumed; 0 in a new run.
    seconds_before: f64,
}

impl Recorder {
    /// Records a run that has done `step` steps; 0 stands for a new run. Lines of later steps are removed
    /// from `metrics.jsonl`, because those steps were lost in the interruption and are taken again.
    ///
    /// # Errors
    /// If `metrics.jsonl` cannot be read or written.
    pub fn new(run: &RunDir, step: usize) -> Result<Self, RunDirError> {
        let path = run.file(names::METRICS);
        let lines = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            lines => lines.map_err(io_error(&path))?,
        };
        let (length, seconds_before) = kept(&lines, step).map_err(|line| RunDirError::Damaged {
            path: path.clone(),
            problem: format!(
                "line {line} is not an event as this program writes it; correct or remove that line"
            ),
        })?;
        let metrics = Log::open(&path, length).map_err(RunDirError::Write)?;
        Ok(Self {
            checkpoints: run.checkpoints(),
            metrics,
            is_resumed: step > 0,
            started: Instant::now(),
            seconds_before,
        })
    }
}

/// How long a finished run has trained; `None` if the last line of `metrics.jsonl` is not its end.
///
/// # Errors
/// If `metrics.jsonl` is there but cannot be read.
pub fn finished_after(run: &RunDir) -> Result<Option<Duration>, RunDirError> {
    let path = run.file(names::METRICS);
    match fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        lines => Ok(finish(&lines.map_err(io_error(&path))?)),
    }
}

/// The time of the last line, if that line is complete and is the event of the run's end.
fn finish(lines: &[u8]) -> Option<Duration> {
    #[derive(Deserialize)]
    struct Last {
        event: String,
        seconds: f64,
    }
    let last = lines.strip_suffix(b"\n")?.rsplit(|byte| *byte == b'\n').next()?;
    let last: Last = serde_json::from_slice(last).ok()?;
    Duration::try_from_secs_f64(last.seconds).ok().filter(|_| last.event == "finish")
}

/// The number of bytes of `metrics.jsonl` that belong to the first `step` steps, and the time of the last of
/// these lines, in seconds.
///
/// An incomplete line at the end is not counted, because an interruption can leave one. A complete line that
/// is not an event is an error, whose value is the number of the line.
fn kept(lines: &[u8], step: usize) -> Result<(u64, f64), usize> {
    #[derive(Deserialize)]
    struct Kept {
        event: String,
        step: Option<usize>,
        seconds: f64,
    }
    let (mut length, mut seconds) = (0, 0.0);
    let complete = lines.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n"));
    for (i, line) in complete.enumerate().take_while(|_| step > 0) {
        let read: Kept = serde_json::from_slice(line).map_err(|_| i + 1)?;
        let is_before = read.step.map_or(read.event == "start", |of_line| of_line <= step);
        if !is_before {
            break;
        }
        length += line.len() as u64;
        // A time that is negative or too large is refused here, because converting the run's total to a
        // `Duration` would panic.
        Duration::try_from_secs_f64(read.seconds).map_err(|_| i + 1)?;
        seconds = read.seconds;
    }
    Ok((length, seconds))
}

impl Recorder {
    /// Seconds of training since the run began, without the time between an interruption and its resume.
    pub fn seconds(&self) -> f64 {
        self.seconds_before + self.started.elapsed().as_secs_f64()
    }
}

impl Observer for Recorder {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        if self.is_resumed && matches!(event, Event::Start(_)) {
            // The file has the event of the beginning once, whether or not the run was interrupted.
            return Ok(());
        }
        let seconds = (self.seconds() * 1e3).round() / 1e3;
        let mut line = serde_json::to_vec(&MetricsLine { event: *event, seconds })?;
        line.push(b'\n');
        self.metrics.append(&line)
    }

    fn checkpoint(&mut self, snapshot: &Snapshot) -> io::Result<()> {
        // The lines are brought to the disk before the checkpoint. Otherwise, after a crash, a checkpoint
        // could be newer than the last line.
        self.metrics.sync()?;
        checkpoint::save(&self.checkpoints, snapshot).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_after_the_checkpoint_and_an_incomplete_line_are_cut_off() {
        let lines = [
            r#"{"event":"start","epochs":3,"seconds":0.0}"#,
            r#"{"event":"step","step":20,"seconds":0.5}"#,
            r#"{"event":"step","step":40,"seconds":1.0}"#,
            r#"{"event":"epoch","step":40,"seconds":1.5}"#,
            r#"{"event":"finish","seconds":1.6}"#,
        ]
        .map(|line| format!("{line}\n"));
        let text = lines.concat();
        let length = |n: usize| lines[..n].concat().len() as u64;
        assert_eq!(finish(text.as_bytes()), Some(Duration::from_millis(1600)));
        // A file whose last line is incomplete or another event is not that of a finished run.
        for n in [text.len() - 1, length(4) as usize, 0] {
            assert_eq!(finish(&text.as_bytes()[..n]), None, "{n} bytes");
        }
        assert_eq!(kept(text.as_bytes(), 0), Ok((0, 0.0)));
        assert_eq!(kept(text.as_bytes(), 19), Ok((length(1), 0.0)));
        assert_eq!(kept(text.as_bytes(), 39), Ok((length(2), 0.5)));
        assert_eq!(kept(text.as_bytes(), 40), Ok((length(4), 1.5)));
        assert_eq!(kept(&text.as_bytes()[..length(3) as usize - 1], 40), Ok((length(2), 0.5)));
        assert_eq!(kept(text.replace("1.0", "-1.0").as_bytes(), 40), Err(3));
        assert_eq!(finish(text.replace("1.6", "1e300").as_bytes()), None);
        assert_eq!(kept(format!("{}garbage\n{}", lines[0], lines[1]).as_bytes(), 40), Err(2));
    }
}
