//! Mean and spread of a figure over several runs.

use run_files::Spread;

/// What several values say together. If one is not finite, or they are too large to be added up, everything
/// is undefined.
pub fn spread(values: &[f64]) -> Spread {
    let n = values.len();
    let mean = (n > 0).then(|| values.iter().sum::<f64>() / n as f64).filter(|mean| mean.is_finite());
    // Two passes: sums of squares around zero would lose the digits that runs differ in.
    let standard_deviation = mean
        .filter(|_| n > 1)
        .map(|mean| values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1) as f64)
        .map(f64::sqrt)
        .filter(|deviation| deviation.is_finite());
    let standard_error = standard_deviation.map(|deviation| deviation / (n as f64).sqrt());
    Spread { n, mean, standard_deviation, standard_error }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_textbook_sample_has_its_textbook_spread() {
        // Sum of squares 32 over 7 degrees of freedom.
        let sample = spread(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]);
        assert_eq!((sample.n, sample.mean), (8, Some(5.0)));
        assert_eq!(sample.standard_deviation, Some((32.0_f64 / 7.0).sqrt()));
        let error = sample.standard_error.unwrap();
        assert!((error - (32.0_f64 / 56.0).sqrt()).abs() < 1e-15, "{error}");
    }

    #[test]
    fn what_is_undefined_is_null_and_never_nan() {
        let undefined = |n, mean| Spread { n, mean, standard_deviation: None, standard_error: None };
        assert_eq!(spread(&[]), undefined(0, None));
        assert_eq!(spread(&[0.99]), undefined(1, Some(0.99)));
        assert_eq!(spread(&[0.5, f64::NAN]), undefined(2, None));
        assert_eq!(spread(&[f64::MAX, f64::MAX]), undefined(2, None));
        assert_eq!(spread(&[1e200, -1e200]), undefined(2, Some(0.0)));
        assert_eq!(
            serde_json::to_string(&spread(&[0.5])).unwrap(),
            r#"{"n":1,"mean":0.5,"standard_deviation":null,"standard_error":null}"#
        );
    }

    #[test]
    fn equal_values_do_not_spread_and_close_ones_keep_their_digits() {
        assert_eq!(spread(&[0.25; 4]).standard_deviation, Some(0.0));
        let near = spread(&[1e9, 1e9 + 1.0, 1e9 + 2.0]);
        assert_eq!((near.mean, near.standard_deviation), (Some(1e9 + 1.0), Some(1.0)));
    }
}
