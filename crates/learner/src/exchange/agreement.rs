//! Compares what processes have that train one network together, before they begin.

use thiserror::Error;

use crate::exchange::Exchange;

/// What must be alike on all processes that train together.
#[derive(Debug, Error, PartialEq)]
#[error("process {rank} has another {what} than process 0: {found}, expected {expected}; all need the same")]
pub struct Disagreement {
    rank: usize,
    what: &'static str,
    found: String,
    expected: String,
}

/// Compares what the processes have under a name, such as their version.
///
/// # Errors
/// Names the first process that has something else than process 0. Each process gets the same error.
pub fn agree(exchange: &dyn Exchange, what: &'static str, own: &str) -> Result<(), Disagreement> {
    let all = texts(exchange, own);
    let Some(expected) = all.first() else { return Ok(()) };
    match all.iter().enumerate().find(|(_, found)| *found != expected) {
        None => Ok(()),
        Some((rank, found)) => {
            Err(Disagreement { rank, what, found: found.clone(), expected: expected.clone() })
        }
    }
}

/// What each process says. Bytes are sent as numbers, which hold them exactly.
fn texts(exchange: &dyn Exchange, own: &str) -> Vec<String> {
    let lengths = exchange.all_gather(&[own.len() as f32]);
    let longest = lengths.iter().fold(0.0, |longest: f32, length| longest.max(*length)) as usize;
    let mut bytes: Vec<f32> = own.bytes().map(f32::from).collect();
    bytes.resize(longest, 0.0);
    let all = exchange.all_gather(&bytes);
    let text = |(i, length): (usize, &f32)| {
        let bytes: Vec<u8> =
            all[i * longest..][..*length as usize].iter().map(|number| *number as u8).collect();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    lengths.iter().enumerate().map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stands for process 0 of two, of which the other says something else, or the same.
    #[derive(Debug)]
    struct Beside(&'static str);

    impl Exchange for Beside {
        fn rank(&self) -> usize {
            0
        }

        fn size(&self) -> usize {
            2
        }

        fn all_gather(&self, own: &[f32]) -> Vec<f32> {
            let mut other: Vec<f32> = self.0.bytes().map(f32::from).collect();
            if own.len() == 1 && own[0] > 1.0 {
                return vec![own[0], other.len() as f32];
            }
            other.resize(own.len(), 0.0);
            [own, &other].concat()
        }

        fn broadcast(&self, bytes: Vec<u8>) -> Vec<u8> {
            bytes
        }
    }

    #[test]
    fn the_first_process_that_has_something_else_is_named() {
        assert_eq!(agree(&Beside("0.1.0"), "version", "0.1.0"), Ok(()));
        for other in ["0.2.0", "0.1.0 ü", "0.1"] {
            let error = agree(&Beside(other), "version", "0.1.0").unwrap_err().to_string();
            assert!(error.starts_with("process 1 has another version than process 0: "), "{error}");
            assert!(error.contains(&format!(": {other}, expected 0.1.0; ")), "{error}");
        }
    }
}
