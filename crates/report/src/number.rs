//! Numbers as the page writes them. A number that is missing, NaN or infinite is "undefined".

use std::fmt;

const UNDEFINED: &str = "undefined";
/// Keeps a number and its unit on one line.
const SPACE: char = '\u{a0}';

/// A share as per cent: 99.17 %.
pub(crate) fn percent(share: Option<f64>) -> String {
    written(share, |share| format!("{:.2}{SPACE}%", share * 100.0))
}

/// Two shares as per cent: 98.97–99.33 %.
pub(crate) fn interval(ends: Option<[f64; 2]>) -> String {
    match ends {
        Some([low, high]) if low.is_finite() && high.is_finite() => {
            format!("{:.2}–{:.2}{SPACE}%", low * 100.0, high * 100.0)
        }
        _ => UNDEFINED.to_owned(),
    }
}

/// A number with `digits` digits after the point.
pub(crate) fn fixed(number: Option<f64>, digits: usize) -> String {
    written(number, |number| format!("{number:.digits$}"))
}

/// A number in groups of three digits: 10,035,200.
pub(crate) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A span of time: 30.5 s, 2 min 5 s, 3 h 20 min.
pub(crate) fn duration(seconds: Option<f64>) -> String {
    written(seconds, |seconds| {
        let whole = seconds.round() as u64;
        match whole {
            0..60 => format!("{seconds:.1}{SPACE}s"),
            60..3600 => format!("{}{SPACE}min {}{SPACE}s", whole / 60, whole % 60),
            _ => format!("{}{SPACE}h {}{SPACE}min", whole / 3600, whole % 3600 / 60),
        }
    })
}

/// A number as short as an axis wants it: 0.003, 1e-5, 20.
pub(crate) fn short(number: f64) -> String {
    if number == 0.0 {
        "0".to_owned()
    } else if (1e-4..1e5).contains(&number.abs()) {
        let text = format!("{number:.6}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        format!("{number:e}")
    }
}

fn written(number: Option<f64>, write: impl Fn(f64) -> String) -> String {
    number.filter(|number| number.is_finite()).map_or_else(|| UNDEFINED.to_owned(), write)
}

/// A length in a drawing, with one digit after the point at most.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Px(pub(crate) f64);

impl fmt::Display for Px {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = (self.0 * 10.0).round();
        if tenths % 10.0 == 0.0 {
            // Adding zero turns -0 into 0.
            write!(formatter, "{}", tenths / 10.0 + 0.0)
        } else {
            write!(formatter, "{:.1}", tenths / 10.0)
        }
    }
}

/// The functions above as the templates call them: `{{ accuracy|percent }}`.
#[expect(unreachable_pub, reason = "what the attribute `filter_fn` makes is public")]
pub(crate) mod filters {
    use askama::{Result, Values};

    use super::Px;

    /// A value that a template hands to a filter, with any number of references in front of it.
    pub(crate) trait Named {
        type Number;
        fn number(&self) -> Self::Number;
    }

    impl<T: Named> Named for &T {
        type Number = T::Number;
        fn number(&self) -> T::Number {
            (*self).number()
        }
    }

    macro_rules! named {
        ($($number:ty),*) => {
            $(impl Named for $number {
                type Number = Self;
                fn number(&self) -> Self {
                    *self
                }
            })*
        };
    }

    named!(f64, usize, Option<f64>, Option<[f64; 2]>);

    #[askama::filter_fn]
    pub(crate) fn px(length: impl Named<Number = f64>, _: &dyn Values) -> Result<Px> {
        Ok(Px(length.number()))
    }

    #[askama::filter_fn]
    pub(crate) fn percent(share: impl Named<Number = Option<f64>>, _: &dyn Values) -> Result<String> {
        Ok(super::percent(share.number()))
    }

    #[askama::filter_fn]
    pub(crate) fn interval(ends: impl Named<Number = Option<[f64; 2]>>, _: &dyn Values) -> Result<String> {
        Ok(super::interval(ends.number()))
    }

    #[askama::filter_fn]
    pub(crate) fn fixed(
        number: impl Named<Number = Option<f64>>,
        _: &dyn Values,
        digits: usize,
    ) -> Result<String> {
        Ok(super::fixed(number.number(), digits))
    }

    #[askama::filter_fn]
    pub(crate) fn duration(seconds: impl Named<Number = Option<f64>>, _: &dyn Values) -> Result<String> {
        Ok(super::duration(seconds.number()))
    }

    #[askama::filter_fn]
    pub(crate) fn grouped(number: impl Named<Number = usize>, _: &dyn Values) -> Result<String> {
        Ok(super::grouped(number.number()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_number_is_undefined() {
        for number in [None, Some(f64::NAN), Some(f64::INFINITY)] {
            assert_eq!(percent(number), UNDEFINED);
            assert_eq!(fixed(number, 2), UNDEFINED);
            assert_eq!(duration(number), UNDEFINED);
        }
        assert_eq!(interval(Some([f64::NAN, 1.0])), UNDEFINED);
        assert_eq!(interval(None), UNDEFINED);
    }

    #[test]
    fn numbers_are_written_as_people_write_them() {
        assert_eq!(percent(Some(0.991_74)), "99.17\u{a0}%");
        assert_eq!(interval(Some([0.9897, 0.9933])), "98.97–99.33\u{a0}%");
        assert_eq!(
            [0, 999, 1_000, 10_035_200].map(grouped),
            ["0", "999", "1,000", "10,035,200"].map(str::to_owned)
        );
        let seconds = [0.0, 59.4, 59.96, 125.0, 12_000.0].map(|s| duration(Some(s)).replace('\u{a0}', " "));
        assert_eq!(seconds, ["0.0 s", "59.4 s", "1 min 0 s", "2 min 5 s", "3 h 20 min"]);
    }

    #[test]
    fn an_axis_gets_the_shortest_text() {
        let texts = [0.0, 0.003, 0.5, 20.0, 1e-5, -0.25, 2e6].map(short);
        assert_eq!(texts, ["0", "0.003", "0.5", "20", "1e-5", "-0.25", "2e6"]);
    }

    #[test]
    fn lengths_have_one_digit_at_most() {
        let texts = [1.0, 0.25, -0.04, 12.96, 100.0 / 3.0].map(|length| Px(length).to_string());
        assert_eq!(texts, ["1", "0.3", "0", "13", "33.3"]);
    }
}
