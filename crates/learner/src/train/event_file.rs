//! Event files, as TensorBoard reads them.
//!
//! A file is a row of records, each with a checksum (as in TensorFlow's `record_writer.cc`), and a
//! record is an `Event` in protocol buffers' encoding (`event.proto`, `summary.proto`). Four kinds
//! of events are all that a run needs, so they are encoded here by hand: the crates that do it
//! bring a protocol compiler (`tboard`) or an image library (`tensorboard-rs`), and neither has had
//! a release since early 2024.
//!
//! A killed process leaves at most half a record at the end of its file, which TensorBoard
//! ignores. A run that goes on writes a further file into the same folder; TensorBoard reads the
//! files of a folder in the order of their names, as one run.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crc::{CRC_32_ISCSI, Crc};

/// The names of a run's curves. TensorBoard draws those with the same word before the stroke
/// in one section.
pub mod tag {
    /// Mean loss of the steps since the event before.
    pub const TRAIN_LOSS: &str = "loss/train";
    /// Share of right predictions in the steps since the event before.
    pub const TRAIN_ACCURACY: &str = "accuracy/train";
    pub const LEARNING_RATE: &str = "optimizer/learning_rate";
    pub const GRADIENT_NORM: &str = "optimizer/gradient_norm";
    /// Mean loss of an epoch's steps, while the network changed.
    pub const EPOCH_LOSS: &str = "loss/train_epoch";
    pub const EPOCH_ACCURACY: &str = "accuracy/train_epoch";
    /// After an epoch.
    pub const VALIDATION_LOSS: &str = "loss/validation";
    pub const VALIDATION_ACCURACY: &str = "accuracy/validation";
    /// The configuration, a text.
    pub const CONFIGURATION: &str = "configuration";
}

/// TensorBoard knows event files by this part of their names.
const PREFIX: &str = "events.out.tfevents.";
/// Where TensorFlow writes the host's name, so that hosts do not share a file.
const SUFFIX: &str = ".mnist-cnn";
const CRC32C: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);

/// Writes an event file. Events are buffered until [`flush`](Self::flush) or the end.
#[derive(Debug)]
pub struct EventWriter {
    path: PathBuf,
    file: BufWriter<File>,
}

impl EventWriter {
    /// Begins a new run with a new file in `folder`, which is made if it is missing.
    ///
    /// # Errors
    /// If the file cannot be made or written; like all errors here, it names the file.
    pub fn create(folder: &Path, started: SystemTime) -> io::Result<Self> {
        Self::resume(folder, started, 0)
    }

    /// Goes on with a run whose next step is `first_step` (the checkpoint's step and one).
    ///
    /// What earlier files tell of `first_step` and later happens again and must not be drawn
    /// twice: TensorBoard drops it when it meets this file's session start.
    ///
    /// # Errors
    /// If the file cannot be made or written.
    pub fn resume(folder: &Path, started: SystemTime, first_step: i64) -> io::Result<Self> {
        fs::create_dir_all(folder).map_err(at(folder))?;
        let since_1970 = started.duration_since(UNIX_EPOCH).unwrap_or_default();
        // TensorBoard never goes back to a file whose name comes before that of another one, so
        // neither two starts in a second nor a clock set back may give such a name.
        let after_others = newest(folder).map_err(at(folder))?.map_or(0, |seconds| seconds.saturating_add(1));
        let seconds = since_1970.as_secs().max(after_others);
        let path = folder.join(format!("{PREFIX}{seconds:010}{SUFFIX}"));
        let file = OpenOptions::new().write(true).create_new(true).open(&path).map_err(at(&path))?;
        let mut writer = Self { path, file: BufWriter::new(file) };
        let wall_time = since_1970.as_secs_f64();
        writer.record(&event(wall_time, 0, FILE_VERSION, b"brain.Event:2"))?;
        // In a new run as well: TensorBoard takes the first session start it meets for the run's
        // beginning, and drops nothing.
        let mut started = Message::default();
        started.number(SESSION_STATUS, SESSION_START);
        writer.record(&event(wall_time, first_step, SESSION_LOG, &started.0))?;
        writer.flush()?;
        Ok(writer)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A point on each of these curves. `wall_time` is in seconds since 1970.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn scalars(&mut self, step: i64, wall_time: f64, values: &[(&str, f32)]) -> io::Result<()> {
        let mut summary = Message::default();
        for (tag, number) in values {
            let mut value = Message::default();
            value.bytes(VALUE_TAG, tag.as_bytes());
            value.float(VALUE_SIMPLE, *number);
            summary.bytes(SUMMARY_VALUE, &value.0);
        }
        self.record(&event(wall_time, step, SUMMARY, &summary.0))
    }

    /// A text in Markdown.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn text(&mut self, step: i64, wall_time: f64, tag: &str, markdown: &str) -> io::Result<()> {
        let mut tensor = Message::default();
        tensor.number(TENSOR_TYPE, TENSOR_OF_STRINGS);
        tensor.bytes(TENSOR_SHAPE, &[]); // a scalar: no dimensions
        tensor.bytes(TENSOR_STRING, markdown.as_bytes());
        let mut plugin = Message::default();
        plugin.bytes(PLUGIN_NAME, b"text");
        let mut metadata = Message::default();
        metadata.bytes(METADATA_PLUGIN, &plugin.0);
        metadata.number(METADATA_CLASS, METADATA_CLASS_TENSOR);
        let mut value = Message::default();
        value.bytes(VALUE_TAG, tag.as_bytes());
        value.bytes(VALUE_TENSOR, &tensor.0);
        value.bytes(VALUE_METADATA, &metadata.0);
        let mut summary = Message::default();
        summary.bytes(SUMMARY_VALUE, &value.0);
        self.record(&event(wall_time, step, SUMMARY, &summary.0))
    }

    /// Hands what is buffered to the operating system, so that TensorBoard sees it.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn flush(&mut self) -> io::Result<()> {
        self.file.flush().map_err(at(&self.path))
    }

    fn record(&mut self, data: &[u8]) -> io::Result<()> {
        self.file.write_all(&record(data)).map_err(at(&self.path))
    }
}

/// The latest time in the names of event files in `folder`.
fn newest(folder: &Path) -> io::Result<Option<u64>> {
    let mut newest = None;
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let seconds = name.to_str().and_then(|name| name.strip_prefix(PREFIX)).and_then(|rest| {
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            rest[..end].parse().ok()
        });
        newest = newest.max(seconds);
    }
    Ok(newest)
}

/// Says where an error happened.
fn at(path: &Path) -> impl FnOnce(io::Error) -> io::Error {
    let path = path.to_owned();
    move |error| io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// A record: the length of `data`, its checksum, `data`, and the checksum of that.
fn record(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u64).to_le_bytes();
    let mut record = Vec::with_capacity(data.len() + 16);
    record.extend(length);
    record.extend(masked_crc32c(&length).to_le_bytes());
    record.extend(data);
    record.extend(masked_crc32c(data).to_le_bytes());
    record
}

/// Masked, because the checksum of data that holds its own checksum would be worth little.
fn masked_crc32c(data: &[u8]) -> u32 {
    CRC32C.checksum(data).rotate_right(15).wrapping_add(0xa282_ead8)
}

// Numbers of fields in event.proto, summary.proto, tensor.proto, and of values in types.proto.
const WALL_TIME: u8 = 1;
const STEP: u8 = 2;
const FILE_VERSION: u8 = 3;
const SUMMARY: u8 = 5;
const SESSION_LOG: u8 = 7;
const SESSION_STATUS: u8 = 1;
const SESSION_START: u64 = 1;
const SUMMARY_VALUE: u8 = 1;
const VALUE_TAG: u8 = 1;
const VALUE_SIMPLE: u8 = 2;
const VALUE_TENSOR: u8 = 8;
const VALUE_METADATA: u8 = 9;
const METADATA_PLUGIN: u8 = 1;
const METADATA_CLASS: u8 = 4;
const METADATA_CLASS_TENSOR: u64 = 2;
const PLUGIN_NAME: u8 = 1;
const TENSOR_TYPE: u8 = 1;
const TENSOR_OF_STRINGS: u64 = 7;
const TENSOR_SHAPE: u8 = 2;
const TENSOR_STRING: u8 = 8;

/// An `Event` that tells `what`.
fn event(wall_time: f64, step: i64, what: u8, content: &[u8]) -> Vec<u8> {
    let mut event = Message::default();
    event.double(WALL_TIME, wall_time);
    // A number that is not there is 0; a negative one is its two's complement.
    if step != 0 {
        event.number(STEP, step as u64);
    }
    event.bytes(what, content);
    event.0
}

/// A message in protocol buffers' encoding: fields, each after its number (below 16) and type.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    fn key(&mut self, field: u8, wire_type: u8) {
        self.0.push(field << 3 | wire_type);
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    fn number(&mut self, field: u8, value: u64) {
        self.key(field, 0);
        self.varint(value);
    }

    fn double(&mut self, field: u8, value: f64) {
        self.key(field, 1);
        self.0.extend(value.to_le_bytes());
    }

    fn bytes(&mut self, field: u8, content: &[u8]) {
        self.key(field, 2);
        self.varint(content.len() as u64);
        self.0.extend(content);
    }

    fn float(&mut self, field: u8, value: f32) {
        self.key(field, 5);
        self.0.extend(value.to_le_bytes());
    }
}

#[cfg(test)]
#[path = "event_file_tests.rs"]
mod tests;
