//! A writer of event files, the files that TensorBoard reads.
//!
//! A file is a sequence of records, each with a checksum (as in TensorFlow's `record_writer.cc`), and a
//! record is an `Event` in the encoding of protocol buffers (`event.proto`, `summary.proto`). A run needs
//! only four kinds of events, so they are encoded here by hand: of the crates for it, `tboard` brings a
//! protocol compiler and `tensorboard-rs` an image library, and neither has had a release since early 2024.
//!
//! A process that is killed leaves at most half a record at the end of its file, which TensorBoard ignores.
//! A run that is resumed writes another file into the same folder. TensorBoard reads the files of a folder
//! in the order of their names, as one run.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crc::{CRC_32_ISCSI, Crc};

/// The names of a run's curves. TensorBoard shows curves with the same word before the slash in one section.
pub mod tag {
    /// Mean loss of a logging window's steps.
    pub const TRAIN_LOSS: &str = "loss/train";
    /// Share of a logging window's images that were classified correctly.
    pub const TRAIN_ACCURACY: &str = "accuracy/train";
    pub const LEARNING_RATE: &str = "optimizer/learning_rate";
    pub const GRADIENT_NORM: &str = "optimizer/gradient_norm";
    /// Mean loss of an epoch's steps. The network changed from step to step.
    pub const EPOCH_LOSS: &str = "loss/train_epoch";
    pub const EPOCH_ACCURACY: &str = "accuracy/train_epoch";
    /// Mean loss of the validation images after an epoch.
    pub const VALIDATION_LOSS: &str = "loss/validation";
    pub const VALIDATION_ACCURACY: &str = "accuracy/validation";
    /// The configuration. It is a text and not a curve.
    pub const CONFIGURATION: &str = "configuration";
}

/// TensorBoard recognizes event files by this part of their names.
const PREFIX: &str = "events.out.tfevents.";
/// The end of a file's name. TensorFlow puts the host's name here, so that two hosts never write one file.
const SUFFIX: &str = ".mnist-cnn";
const CRC32C: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);

/// Writes an event file. Events are buffered until [`flush`](Self::flush) is called or the writer is dropped.
#[derive(Debug)]
pub struct EventWriter {
    path: PathBuf,
    file: BufWriter<File>,
}

impl EventWriter {
    /// Begins a new run with a new file in `folder`. The folder is made if it is missing.
    ///
    /// # Errors
    /// If the file cannot be made or written. Each error of this type's functions names the file.
    pub fn create(folder: &Path, started: SystemTime) -> io::Result<Self> {
        Self::resume(folder, started, 0)
    }

    /// Continues a run whose next step is `first_step`, which is the checkpoint's step plus one.
    ///
    /// Earlier files may hold events of `first_step` and later steps. Those steps are taken again and must
    /// not be drawn twice, so this file begins with a session start, at which TensorBoard drops those events.
    ///
    /// # Errors
    /// If the file cannot be made or written.
    pub fn resume(folder: &Path, started: SystemTime, first_step: i64) -> io::Result<Self> {
        fs::create_dir_all(folder).map_err(at(folder))?;
        let since_1970 = started.duration_since(UNIX_EPOCH).unwrap_or_default();
        // TensorBoard reads files in the order of their names and never goes back to an earlier name. So the
        // new name must come last, even if a run starts twice in a second or the clock was set back.
        let after_others = newest(folder).map_err(at(folder))?.map_or(0, |seconds| seconds.saturating_add(1));
        let seconds = since_1970.as_secs().max(after_others);
        let path = folder.join(format!("{PREFIX}{seconds:010}{SUFFIX}"));
        let file = OpenOptions::new().write(true).create_new(true).open(&path).map_err(at(&path))?;
        let mut writer = Self { path, file: BufWriter::new(file) };
        let wall_time = since_1970.as_secs_f64();
        writer.record(&event(wall_time, 0, FILE_VERSION, b"brain.Event:2"))?;
        // A new run has a session start too. TensorBoard takes the first session start for the beginning of
        // the run and drops nothing there; without it, it would take that of the first resumed file.
        let mut started = Message::default();
        started.number(SESSION_STATUS, SESSION_START);
        writer.record(&event(wall_time, first_step, SESSION_LOG, &started.0))?;
        writer.flush()?;
        Ok(writer)
    }

    /// The path of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a point on each of these curves. `wall_time` is in seconds since 1970.
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

    /// Writes a text in Markdown.
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

    /// Hands the buffered events to the operating system, so that TensorBoard sees them.
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

/// The latest time in the names of the event files in `folder`, in seconds since 1970.
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

/// Adds the path to an I/O error.
fn at(path: &Path) -> impl FnOnce(io::Error) -> io::Error {
    let path = path.to_owned();
    move |error| io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// A record: the length of `data`, the checksum of the length, `data`, and the checksum of `data`.
fn record(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u64).to_le_bytes();
    let mut record = Vec::with_capacity(data.len() + 16);
    record.extend(length);
    record.extend(masked_crc32c(&length).to_le_bytes());
    record.extend(data);
    record.extend(masked_crc32c(data).to_le_bytes());
    record
}

/// The checksum of `data` in a record, masked as in TensorFlow's `crc32c.h`. It is masked because the CRC of
/// data that is followed by its own CRC is always the same number and would detect no change.
fn masked_crc32c(data: &[u8]) -> u32 {
    CRC32C.checksum(data).rotate_right(15).wrapping_add(0xa282_ead8)
}

// The numbers of the fields in event.proto, summary.proto and tensor.proto, and of the values in types.proto.
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

/// An `Event` in its encoding. `content` is the value of its field `field`.
fn event(wall_time: f64, step: i64, field: u8, content: &[u8]) -> Vec<u8> {
    let mut event = Message::default();
    event.double(WALL_TIME, wall_time);
    // A reader takes a missing number for 0. A negative number is encoded as its two's complement.
    if step != 0 {
        event.number(STEP, step as u64);
    }
    event.bytes(field, content);
    event.0
}

/// A message in the encoding of protocol buffers. Each field is written after its number, which must be
/// below 16 here, and its wire type.
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
