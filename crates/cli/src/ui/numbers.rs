//! Writes numbers as text: shares, durations, shapes.

use std::time::Duration;

use run_files::Evaluation;

/// A share in percent, with two decimals.
pub(crate) fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "undefined".into(), |share| format!("{:.2} %", 100.0 * share))
}

/// A number with four decimals.
pub(crate) fn decimal(value: Option<f64>) -> String {
    value.map_or_else(|| "undefined".into(), |value| format!("{value:.4}"))
}

/// The interval of an evaluation's accuracy in brackets, or nothing if there is none.
pub(crate) fn interval(evaluation: &Evaluation) -> String {
    evaluation.accuracy_interval.map_or_else(String::new, |[low, high]| {
        format!(" (95 % interval {:.2} to {:.2} %)", 100.0 * low, 100.0 * high)
    })
}

/// A duration for people: 8.3 s, 1:05, 2:10:00.
pub(crate) fn duration(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    let whole = seconds.round() as u64;
    match whole {
        0..60 => format!("{seconds:.1} s"),
        60..3600 => format!("{}:{:02}", whole / 60, whole % 60),
        _ => format!("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60),
    }
}

/// A shape: 32x28x28.
pub(crate) fn shape(dims: &[usize]) -> String {
    dims.iter().map(ToString::to_string).collect::<Vec<_>>().join("x")
}

/// A number in groups of three digits: 10,035,200.
pub(crate) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|g| std::str::from_utf8(g).ok()).collect();
    groups.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_short() {
        let text = |s| duration(Duration::from_secs_f64(s));
        assert_eq!([text(0.04), text(8.31), text(65.2), text(7800.0)], ["0.0 s", "8.3 s", "1:05", "2:10:00"]);
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(
            [grouped(0), grouped(999), grouped(1000), grouped(1234567)],
            ["0", "999", "1,000", "1,234,567"]
        );
    }
}
