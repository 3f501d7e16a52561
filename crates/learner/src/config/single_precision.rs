//! The ranges of numbers that training uses in single precision, as `f32`. A number that is valid as `f64`
//! may be 0, 1 or infinite there.

/// The smallest epsilon. Adam multiplies it by the root of `1 - beta_2`, which is above 1e-4, and the product
/// still has to be a number that every processor can tell from 0.
const SMALLEST_EPSILON: f64 = 1e-33;

/// Checks a number from 0 to below 1.
///
/// # Errors
/// What is expected, in words.
pub(super) fn share(value: f64) -> Result<(), &'static str> {
    if !(0.0..1.0).contains(&value) {
        return Err("a number from 0 to below 1");
    }
    let used = value as f32;
    if used >= 1.0 {
        return Err("a number below 1 in single precision, so at most 0.99999994");
    }
    if value > 0.0 && !used.is_normal() {
        return Err("0, or a number that is not 0 in single precision, so at least 1.2e-38");
    }
    Ok(())
}

/// Checks a number above 0.
///
/// # Errors
/// What is expected, in words.
pub(super) fn positive(value: f64) -> Result<(), &'static str> {
    if value.is_nan() || value <= 0.0 {
        return Err("a number above 0");
    }
    if !(value as f32).is_normal() {
        return Err("a number that single precision can hold, from 1.2e-38 to 3.4e38");
    }
    Ok(())
}

/// Checks a number that is 0 or above.
///
/// # Errors
/// What is expected, in words.
pub(super) fn zero_or_positive(value: f64) -> Result<(), &'static str> {
    if value == 0.0 { Ok(()) } else { positive(value).map_err(|_| "0, or a number from 1.2e-38 to 3.4e38") }
}

/// Checks the number that Adam adds to its denominator.
///
/// # Errors
/// What is expected, in words.
pub(super) fn epsilon(value: f64) -> Result<(), &'static str> {
    if value > 0.0 && value < SMALLEST_EPSILON {
        return Err("a number of at least 1e-33, because a smaller one may be 0 in single precision");
    }
    positive(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_next_to_a_bound_of_single_precision_are_told_apart() {
        for (value, is_valid) in [
            (0.0, true),
            (-0.1, false),
            (1e-50, false),
            (1.2e-38, true),
            (0.99999994, true),
            (0.999999999, false),
            (1.0, false),
            (f64::NAN, false),
        ] {
            assert_eq!(share(value).is_ok(), is_valid, "{value}");
        }
        for (value, is_valid) in [
            (0.0, false),
            (-1.0, false),
            (1e-50, false),
            (1e-38, false),
            (1.2e-38, true),
            (3.4e38, true),
            (3.5e38, false),
            (f64::INFINITY, false),
            (f64::NAN, false),
        ] {
            assert_eq!(positive(value).is_ok(), is_valid, "{value}");
        }
        assert_eq!(
            [0.0, 1e-34, 1e-33, 1e39].map(|value| epsilon(value).is_ok()),
            [false, false, true, false]
        );
    }

    /// Adam's denominator for a gradient of zeros, at the smallest epsilon and the largest beta_2.
    #[test]
    fn the_smallest_epsilon_is_not_lost_in_adams_denominator() {
        let beta_2 = 0.99999994_f64 as f32;
        assert!((SMALLEST_EPSILON as f32 * (1.0 - beta_2).sqrt()).is_normal());
    }
}
