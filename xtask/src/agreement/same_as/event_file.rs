//! Reads TensorBoard's event files without their times.

/// Bytes around a record's data: before it its length and the checksum of the length, after it its checksum.
const BEFORE: usize = 12;
const AFTER: usize = 4;
/// Field 1 of an event, of type `double`: the wall time.
const WALL_TIME: u8 = 0x09;

/// The data of each record with its wall time set to zero, or `None` if a record is incomplete.
pub(super) fn records(bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut records = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let length = usize::try_from(u64::from_le_bytes(rest.get(..8)?.try_into().ok()?)).ok()?;
        let end = BEFORE.checked_add(length)?;
        let mut data = rest.get(BEFORE..end)?.to_vec();
        if data.first() == Some(&WALL_TIME) {
            data.get_mut(1..9)?.fill(0);
        }
        records.push(data);
        rest = rest.get(end + AFTER..)?;
    }
    Some(records)
}

/// The name of an event file without the second in which it was begun.
pub(super) fn name_without_time(name: &str) -> Option<String> {
    let (before, after) = name.split_once("events.out.tfevents.")?;
    let rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
    Some(format!("{before}events.out.tfevents.{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(data: &[u8]) -> Vec<u8> {
        [&(data.len() as u64).to_le_bytes(), &[7; 4][..], data, &[8; 4]].concat()
    }

    #[test]
    fn wall_times_and_checksums_are_left_out() {
        let a = [record(&[9, 1, 2, 3, 4, 5, 6, 7, 8, 0x10, 5]), record(&[1, 2])].concat();
        let records = records(&a).unwrap();
        assert_eq!(records, [vec![9, 0, 0, 0, 0, 0, 0, 0, 0, 0x10, 5], vec![1, 2]]);
    }

    #[test]
    fn half_a_record_is_none() {
        let whole = record(&[9, 1, 2, 3, 4, 5, 6, 7, 8]);
        for length in 1..whole.len() {
            assert_eq!(records(&whole[..length]), None, "{length}");
        }
        assert_eq!(records(&record(&[9, 1])), None);
    }

    #[test]
    fn names_lose_their_seconds() {
        let name = "run/tensorboard/events.out.tfevents.1234567890.mnist-cnn";
        let expected = "run/tensorboard/events.out.tfevents..mnist-cnn";
        assert_eq!(name_without_time(name).as_deref(), Some(expected));
        assert_eq!(name_without_time("run/config.toml"), None);
    }
}
