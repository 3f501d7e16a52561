//! Writes a line for each request to standard error, without letting any request wait for a slow terminal.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serve::{Access, Sink};

use crate::args::LogFormat;

/// Requests that wait to be told. If standard error takes nothing, further ones are counted and not told.
const WAITING: usize = 4096;

/// How long the last lines may take to be written.
const LAST_LINES: Duration = Duration::from_millis(200);

/// Where requests are told, and the thread that writes.
pub(super) struct Lines {
    pub(super) sink: Option<Sink>,
    writer: Option<JoinHandle<()>>,
}

impl Lines {
    /// # Errors
    /// If the thread cannot be started.
    pub(super) fn new(format: LogFormat) -> io::Result<Self> {
        if format == LogFormat::Off {
            return Ok(Self { sink: None, writer: None });
        }
        let (sender, receiver) = sync_channel(WAITING);
        let writer = thread::Builder::new().name("log".into()).spawn(move || write_all(&receiver))?;
        let untold = AtomicU64::new(0);
        let sink: Sink = Arc::new(move |access: &Access| tell(access, format, &sender, &untold));
        Ok(Self { sink: Some(sink), writer: Some(writer) })
    }

    /// Waits until the last lines are written, but not for a terminal that takes nothing.
    pub(super) fn end(self) {
        drop(self.sink);
        let began = Instant::now();
        while self.writer.as_ref().is_some_and(|writer| !writer.is_finished()) && began.elapsed() < LAST_LINES
        {
            thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Many lines at once are written at once.
fn write_all(lines: &Receiver<String>) {
    while let Ok(mut text) = lines.recv() {
        while text.len() < 1 << 16 {
            let Ok(line) = lines.try_recv() else { break };
            text += &line;
        }
        drop(io::stderr().lock().write_all(text.as_bytes()));
    }
}

fn tell(access: &Access, format: LogFormat, sender: &SyncSender<String>, untold: &AtomicU64) {
    let mut text = if format == LogFormat::Json { access.json() } else { access.line() };
    text.push('\n');
    let missing = untold.swap(0, Ordering::Relaxed);
    if missing > 0 && format == LogFormat::Lines {
        text = format!("{missing} requests before this one are not listed\n{text}");
    }
    if let Err(TrySendError::Full(_)) = sender.try_send(text) {
        untold.fetch_add(missing + 1, Ordering::Relaxed);
    }
}
