//! Reading of numbers that may be `null` or missing.
//!
//! JSON has no NaN and no infinity, so `serde_json` writes both as `null`. The functions here read `null`
//! back as NaN. Today's program writes only finite numbers, but a file of an older version or of another
//! program must not become unreadable because of one number.

use serde::{Deserialize, Deserializer};

/// The value of a number that is missing in a file, because an older version did not write it.
pub(crate) fn missing() -> f64 {
    f64::NAN
}

/// Reads a number, and `null` as NaN.
pub(crate) fn or_nan<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(f64::NAN))
}

/// Reads a list of numbers, and each `null` in it as NaN.
pub(crate) fn each_or_nan<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f64>, D::Error> {
    let numbers: Vec<Option<f64>> = Vec::deserialize(deserializer)?;
    Ok(numbers.into_iter().map(|number| number.unwrap_or(f64::NAN)).collect())
}
