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
use crate::train::state::{Snapshot, TrainingState};

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
        let lines = Lines::read(run)?;
        let kept = lines.kept(step)?;
        let metrics = Log::open(&lines.path, kept.length).map_err(RunDirError::Write)?;
        Ok(Self {
            checkpoints: run.checkpoints(),
            metrics,
            is_resumed: step > 0,
            started: Instant::now(),
            seconds_before: kept.seconds,
        })
    }
}

/// The lines of `metrics.jsonl`.
pub(crate) struct Lines {
    path: PathBuf,
    bytes: Vec<u8>,
}

impl Lines {
    /// Reads the lines of a run. There are none if the file is missing.
    ///
    /// # Errors
    /// If the file is there but cannot be read.
    pub(crate) fn read(run: &RunDir) -> Result<Self, RunDirError> {
        let path = run.file(names::METRICS);
        match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self { path, bytes: Vec::new() }),
            bytes => Ok(Self { bytes: bytes.map_err(io_error(&path))?, path }),
        }
    }

    /// How long a finished run has trained; `None` if the last line is not the run's end.
    pub(crate) fn finished_after(&self) -> Option<Duration> {
        finish(&self.bytes)
    }

    /// Which lines are missing of those that the run had written before it reached this training state, in
    /// words; `None` if the lines reach it.
    ///
    /// Lines are appended one by one and cut off only at the end, so it is enough to look at the last ones.
    ///
    /// # Errors
    /// If a line is not an event.
    pub(crate) fn lacking(&self, state: &TrainingState) -> Result<Option<String>, RunDirError> {
        let kept = self.kept(state.step)?;
        let Some(steps_per_epoch) = kept.steps_per_epoch.filter(|steps| *steps > 0) else {
            return Ok(Some("its first line, the event `start`".to_owned()));
        };
        let is_epoch_done = state.step == state.epoch.saturating_mul(steps_per_epoch);
        let epochs = if is_epoch_done { state.epoch } else { state.epoch.saturating_sub(1) };
        if kept.epochs < epochs {
            return Ok(Some(format!("the lines after epoch {}, up to epoch {epochs}", kept.epochs)));
        }
        // The last line is that of the last logging window that has ended.
        let step = state.step.saturating_sub(state.window.losses.len());
        let is_reached = kept.step >= step;
        Ok((!is_reached).then(|| format!("the lines after step {}, up to step {step}", kept.step)))
    }

    fn kept(&self, step: usize) -> Result<Kept, RunDirError> {
        kept(&self.bytes, step).map_err(|line| RunDirError::Damaged {
            path: self.path.clone(),
            problem: format!(
                "line {line} is not an event as this program writes it; correct or remove that line"
            ),
        })
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

/// The lines of `metrics.jsonl` that belong to the first steps of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Kept {
    /// Number of bytes.
    length: u64,
    /// The time of the last line, in seconds.
    seconds: f64,
    /// The steps of an epoch, as the event `start` says.
    steps_per_epoch: Option<usize>,
    /// The step of the last line, and the number of the last epoch that has a line.
    step: usize,
    epochs: usize,
}

/// The lines that belong to the first `step` steps.
///
/// An incomplete line at the end is not counted, because an interruption can leave one. A complete line that
/// is not an event is an error, whose value is the number of the line.
fn kept(lines: &[u8], step: usize) -> Result<Kept, usize> {
    #[derive(Deserialize)]
    struct Line {
        event: String,
        step: Option<usize>,
        epoch: Option<usize>,
        steps_per_epoch: Option<usize>,
        seconds: f64,
    }
    let mut kept = Kept::default();
    let complete = lines.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n"));
    for (i, line) in complete.enumerate().take_while(|_| step > 0) {
        let read: Line = serde_json::from_slice(line).map_err(|_| i + 1)?;
        let is_before = read.step.map_or(read.event == "start", |of_line| of_line <= step);
        if !is_before {
            break;
        }
        kept.length += line.len() as u64;
        // A time that is negative or too large is refused here, because converting the run's total to a
        // `Duration` would panic.
        Duration::try_from_secs_f64(read.seconds).map_err(|_| i + 1)?;
        kept.seconds = read.seconds;
        kept.steps_per_epoch = kept.steps_per_epoch.or(read.steps_per_epoch);
        kept.step = read.step.unwrap_or(kept.step);
        if read.event == "epoch" {
            kept.epochs = read.epoch.unwrap_or(kept.epochs);
        }
    }
    Ok(kept)
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
    use crate::train::state::RunningMetrics;

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
        let kept_part = |lines: &[u8], step| kept(lines, step).map(|kept| (kept.length, kept.seconds));
        assert_eq!(kept_part(text.as_bytes(), 0), Ok((0, 0.0)));
        assert_eq!(kept_part(text.as_bytes(), 19), Ok((length(1), 0.0)));
        assert_eq!(kept_part(text.as_bytes(), 39), Ok((length(2), 0.5)));
        assert_eq!(kept_part(text.as_bytes(), 40), Ok((length(4), 1.5)));
        assert_eq!(kept_part(&text.as_bytes()[..length(3) as usize - 1], 40), Ok((length(2), 0.5)));
        assert_eq!(kept_part(text.replace("1.0", "-1.0").as_bytes(), 40), Err(3));
        assert_eq!(finish(text.replace("1.6", "1e300").as_bytes()), None);
        assert_eq!(kept_part(format!("{}garbage\n{}", lines[0], lines[1]).as_bytes(), 40), Err(2));
    }

    /// The lines of two epochs of 40 steps, with windows of 20 and 15 steps.
    fn two_epochs() -> Vec<String> {
        let step = |step: usize| format!("{{\"event\":\"step\",\"step\":{step},\"seconds\":1.0}}\n");
        let epoch = |epoch: usize| {
            format!("{{\"event\":\"epoch\",\"epoch\":{epoch},\"step\":{},\"seconds\":1.0}}\n", 40 * epoch)
        };
        let start = r#"{"event":"start","epochs":3,"steps_per_epoch":40,"seconds":0.0}"#.to_owned() + "\n";
        vec![start, step(20), step(40), epoch(1), step(55), step(70), step(80), epoch(2)]
    }

    #[test]
    fn each_line_before_a_checkpoint_is_missed() {
        let lines = two_epochs();
        // For each training state, the number of lines that the run had written.
        for (epoch, step, window, needed) in [
            (1, 7, 7, 1),
            (1, 20, 0, 2),
            (1, 39, 19, 2),
            (1, 40, 0, 4),
            (2, 54, 14, 4),
            (2, 55, 0, 5),
            (2, 80, 0, 8),
        ] {
            let window = RunningMetrics { losses: vec![1.0; window], ..RunningMetrics::default() };
            let state = TrainingState { epoch, step, window, ..TrainingState::default() };
            for count in 0..=lines.len() {
                let lines = Lines { path: PathBuf::new(), bytes: lines[..count].concat().into_bytes() };
                let lacking = lines.lacking(&state).unwrap();
                assert_eq!(lacking.is_none(), count >= needed, "{epoch} {step} {count} {lacking:?}");
            }
        }
        let lines = Lines { path: PathBuf::new(), bytes: b"garbage\n".to_vec() };
        let state = TrainingState { epoch: 1, step: 1, ..TrainingState::default() };
        assert!(matches!(lines.lacking(&state), Err(RunDirError::Damaged { .. })));
    }
}
