//! Compares event files with the bytes that TensorBoard's own Python package writes.

use std::time::Duration;

use super::*;

// `RecordWriter(file).write(Event(wall_time=..., step=..., ...).SerializeToString())` of
// tensorboard 2.21.0 and protobuf 7.36.2, in hexadecimal digits.
const VERSION: &str = "1800000000000000a37f4b220900001040fc54d9411a0d627261696e2e4576656e743a32338d2fe9";
const START: &str = "0d000000000000003c37b8340900001040fc54d9413a0208018c8e54cd";
const START_AT_430: &str = "100000000000000095fbfe180900008040fc54d94110ae033a020801cf8befe1";
const SCALARS: &str = "3800000000000000a3797d570900006040fc54d94110ac022a2a0a110a0a6c6f73732f747261696e150000803e0a150a0e61636375726163792f747261696e150000c07f12e9da7d";
const ZERO_AT_0: &str = "1500000000000000d6ab6b2b0900006040fc54d9412a0a0a080a016115000000002333e9a7";
const ZERO_AT_128: &str = "1800000000000000a37f4b220900006040fc54d9411080012a0a0a080a016115000000002b24db51";
const ZERO_BEFORE_0: &str =
    "200000000000000029eda9500900006040fc54d94110ffffffffffffffffff012a0a0a080a01611500000000dcaa7ef1";
const TEXT: &str = "36000000000000004f578cef090000c040fc54d9412a2b0a290a0d636f6e66696775726174696f6e420c080712004206c3a9203d20314a0a0a060a04746578742002ea30cfc5";

fn bytes(hexadecimal: &str) -> Vec<u8> {
    let digits: Vec<u8> = hexadecimal.chars().map(|digit| digit.to_digit(16).unwrap() as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn after_1970(seconds: f64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs_f64(seconds)
}

fn name(writer: &EventWriter) -> String {
    writer.path().file_name().unwrap().to_str().unwrap().to_owned()
}

#[test]
fn checksums_are_those_of_rfc_3720() {
    assert_eq!(CRC32C.checksum(&[0; 32]), 0x8a91_36aa);
    assert_eq!(CRC32C.checksum(&[0xff; 32]), 0x62a8_ab43);
    assert_eq!(CRC32C.checksum(&(0..32).collect::<Vec<u8>>()), 0x46dd_794e);
    // tensorboard.summary.writer.record_writer.masked_crc32c(b"123456789")
    assert_eq!(masked_crc32c(b"123456789"), 0xc78a_b0e5);
}

#[test]
fn each_event_has_the_bytes_that_tensorboard_writes() {
    let folder = folder();
    let mut writer = EventWriter::create(folder.path(), after_1970(1_700_000_000.25)).unwrap();
    writer
        .scalars(300, 1_700_000_001.5, &[(tag::TRAIN_LOSS, 0.25), (tag::TRAIN_ACCURACY, f32::NAN)])
        .unwrap();
    writer.scalars(0, 1_700_000_001.5, &[("a", 0.0)]).unwrap();
    writer.scalars(128, 1_700_000_001.5, &[("a", 0.0)]).unwrap();
    writer.scalars(-1, 1_700_000_001.5, &[("a", 0.0)]).unwrap();
    writer.text(0, 1_700_000_003.0, tag::CONFIGURATION, "é = 1").unwrap();
    writer.flush().unwrap();
    let expected = [VERSION, START, SCALARS, ZERO_AT_0, ZERO_AT_128, ZERO_BEFORE_0, TEXT].map(bytes).concat();
    assert_eq!(fs::read(writer.path()).unwrap(), expected);
}

#[test]
fn a_resumed_run_says_from_which_step() {
    let folder = folder();
    let writer = EventWriter::resume(folder.path(), after_1970(1_700_000_002.0), 430).unwrap();
    let content = fs::read(writer.path()).unwrap();
    let version = bytes(VERSION).len();
    assert_eq!(content[version..], bytes(START_AT_430));
}

#[test]
fn each_file_comes_after_those_before_it_whatever_the_clock_says() {
    let folder = folder();
    fs::write(folder.path().join("events.out.tfevents.of-another-program"), "").unwrap();
    fs::write(folder.path().join("notes.txt"), "").unwrap();
    let first = EventWriter::create(folder.path(), after_1970(1_700_000_000.0)).unwrap();
    let within_the_second = EventWriter::resume(folder.path(), after_1970(1_700_000_000.9), 1).unwrap();
    let set_back = EventWriter::resume(folder.path(), after_1970(3.0), 1).unwrap();
    let later = EventWriter::resume(folder.path(), after_1970(1_700_000_100.0), 1).unwrap();
    assert_eq!(
        [&first, &within_the_second, &set_back, &later].map(name),
        [1_700_000_000u64, 1_700_000_001, 1_700_000_002, 1_700_000_100]
            .map(|seconds| format!("events.out.tfevents.{seconds}.mnist-cnn"))
    );
    // Each name has ten digits, so that names sort as their times do.
    let early = EventWriter::create(&folder.path().join("new/folder"), after_1970(3.0)).unwrap();
    assert_eq!(name(&early), "events.out.tfevents.0000000003.mnist-cnn");
}

#[test]
fn what_was_written_is_there_after_flush_and_at_the_end() {
    let folder = folder();
    let mut writer = EventWriter::create(folder.path(), SystemTime::now()).unwrap();
    let length = |writer: &EventWriter| fs::metadata(writer.path()).unwrap().len();
    let begun = length(&writer);
    assert!(begun > 0, "TensorBoard shows a run from its beginning");
    writer.scalars(1, 0.0, &[("a", 1.0)]).unwrap();
    writer.flush().unwrap();
    let flushed = length(&writer);
    assert!(flushed > begun);
    writer.scalars(2, 0.0, &[("a", 1.0)]).unwrap();
    let path = writer.path().to_owned();
    drop(writer);
    assert_eq!(fs::metadata(path).unwrap().len() - flushed, flushed - begun);
}

#[test]
fn errors_name_the_file() {
    let folder = folder();
    let file = folder.path().join("occupied");
    fs::write(&file, "").unwrap();
    let error = EventWriter::create(&file, SystemTime::now()).unwrap_err();
    assert!(error.to_string().contains("occupied"), "{error}");
    let name = format!("{PREFIX}{}{SUFFIX}", u64::MAX);
    fs::write(folder.path().join(&name), "").unwrap();
    let error = EventWriter::create(folder.path(), SystemTime::now()).unwrap_err();
    assert!(error.to_string().contains(&name), "{error}");
    assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
}
