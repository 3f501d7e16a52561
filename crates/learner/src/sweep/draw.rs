//! Draws the value of a key in a trial.

use rand::Rng;
use toml::Value;

use crate::random::{Stream, generator};
use crate::sweep::space::Range;

/// The value of a key in the trial of this number. It does not depend on the other keys, so a key can be added to a sweep
/// and the others keep their values.
pub(super) fn value(seed: u64, trial: u64, key: &str, range: &Range) -> Value {
    let mut random = generator(seed, Stream::Sweep, trial, fingerprint(key));
    // 53 bits are as many as a number between 0 and 1 holds.
    let share = (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
    at(range, share)
}

/// The value at a share of the range, from 0 to less than 1.
fn at(range: &Range, share: f64) -> Value {
    let (low, high) = match (range, range.ends()) {
        (Range::Choices(values), _) => {
            let index = (share * values.len() as f64) as usize;
            return values.get(index).or(values.last()).cloned().unwrap_or(Value::Integer(0));
        }
        (_, Some(ends)) => ends,
        // A range without numbers is refused when it is read.
        (_, None) => return Value::Integer(0),
    };
    // The highest whole number has as much room as the others.
    let end = if range.is_whole() { high + 1.0 } else { high };
    let drawn = match range {
        Range::LogUniform(_) => low * power(end / low, share),
        _ => low + share * (end - low),
    };
    if range.is_whole() {
        return Value::Integer(drawn.floor().clamp(low, high) as i64);
    }
    Value::Float(rounded(drawn).clamp(low, high))
}

/// `base` to the power of a share, from 0 to less than 1: of the square root, the fourth root and so on those whose bits
/// the share has. Square roots and products have the same bits on every machine.
fn power(base: f64, share: f64) -> f64 {
    let (mut result, mut root, mut rest) = (1.0, base, share);
    for _bit in 0..53 {
        (root, rest) = (root.sqrt(), 2.0 * rest);
        if rest >= 1.0 {
            (result, rest) = (result * root, rest - 1.0);
        }
    }
    result
}

/// Four digits, which a person can type.
fn rounded(value: f64) -> f64 {
    format!("{value:.3e}").parse().unwrap_or(value)
}

/// The number of a key: FNV-1a of its name (Fowler, Noll, Vo).
fn fingerprint(key: &str) -> u64 {
    key.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::space::number;

    fn many(range: &Range) -> Vec<f64> {
        (1..=2000).map(|trial| number(&value(3, trial, "train.learning_rate", range)).unwrap()).collect()
    }

    fn share_below(values: &[f64], limit: f64) -> f64 {
        values.iter().filter(|value| **value < limit).count() as f64 / values.len() as f64
    }

    #[test]
    fn values_fill_their_ranges_as_the_range_says() {
        let float = |low, high| vec![Value::Float(low), Value::Float(high)];
        let uniform = many(&Range::Uniform(float(1.0, 3.0)));
        assert!(uniform.iter().all(|value| (1.0..=3.0).contains(value)));
        assert!((share_below(&uniform, 2.0) - 0.5).abs() < 0.05);
        let log = many(&Range::LogUniform(float(1e-4, 1e-2)));
        assert!(log.iter().all(|value| (1e-4..=1e-2).contains(value)));
        assert!((share_below(&log, 1e-3) - 0.5).abs() < 0.05, "{}", share_below(&log, 1e-3));
        let whole = many(&Range::Uniform(vec![Value::Integer(1), Value::Integer(4)]));
        for wanted in [1.0, 2.0, 3.0, 4.0] {
            let share = whole.iter().filter(|value| **value == wanted).count() as f64 / 2000.0;
            assert!((share - 0.25).abs() < 0.05, "{wanted}: {share}");
        }
        let whole = many(&Range::LogUniform(vec![Value::Integer(1), Value::Integer(8)]));
        assert!(whole.contains(&1.0) && whole.contains(&8.0) && !whole.contains(&9.0));
        let words = Range::Choices(vec![Value::String("adam".into()), Value::String("sgd".into())]);
        let drawn: Vec<Value> = (1..=20).map(|trial| value(1, trial, "train.optimizer", &words)).collect();
        assert!(drawn.iter().any(|word| word.as_str() == Some("sgd")), "{drawn:?}");
        assert!(drawn.iter().any(|word| word.as_str() == Some("adam")), "{drawn:?}");
    }

    #[test]
    fn powers_are_those_of_the_standard_library() {
        for (base, share) in [(1000.0, 0.0), (1000.0, 0.5), (1000.0, 0.123_456_789), (1.5, 0.999_999_999)] {
            let expected = f64::powf(base, share);
            assert!((power(base, share) / expected - 1.0).abs() < 1e-14, "{base} {share}");
        }
    }

    /// A sweep that is begun with one version of the program goes on with another.
    #[test]
    fn a_trial_has_the_values_of_earlier_versions() {
        let range = Range::LogUniform(vec![Value::Float(1e-4), Value::Float(1e-1)]);
        let drawn = [1, 2, 3].map(|trial| number(&value(0, trial, "train.learning_rate", &range)).unwrap());
        assert_eq!(drawn, [0.0284, 0.01623, 0.000_113_3]);
        assert_ne!(value(0, 1, "train.weight_decay", &range), value(0, 1, "train.learning_rate", &range));
        assert_ne!(value(1, 1, "train.learning_rate", &range), value(0, 1, "train.learning_rate", &range));
    }
}
