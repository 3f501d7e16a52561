//! Mean and spread of a metric over several runs.

use run_files::Spread;

/// Mean, standard deviation and standard error of these values. If a value is not finite or a sum overflows,
/// the numbers that depend on it are `None`.
pub fn spread(values: &[f64]) -> Spread {
    let n = values.len();
    let mean = (n > 0).then(|| values.iter().sum::<f64>() / n as f64).filter(|mean| mean.is_finite());
    // The values are visited twice, first for their mean and then for the squares of their distances to it.
    // One pass that sums the squares of the values would lose the digits in which runs differ.
    let standard_deviation = mean
        .filter(|_| n > 1)
        .map(|mean| values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / (n - 1) as f64)
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
        // The squares of the distances sum to 32, and there are 7 degrees of freedom.
        let found = spread(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]);
        assert_eq!((found.n, found.mean), (8, Some(5.0)));
        assert_eq!(found.standard_deviation, Some((32.0_f64 / 7.0).sqrt()));
        let error = found.standard_error.unwrap();
        assert!((error - (32.0_f64 / 56.0).sqrt()).abs() < 1e-15, "{error}");
    }

    #[test]
    fn an_undefined_number_is_null_and_never_nan() {
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
