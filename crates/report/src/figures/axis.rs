//! Axes: from numbers to positions, and the round numbers that are written beside them.

use crate::number::short;

/// How an axis places numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AxisScale {
    Linear,
    /// Each factor of ten takes the same room.
    Log,
    /// An accuracy, by the logarithm of its error: 90 %, 99 % and 99.9 % are equally far apart.
    Accuracy,
}

/// A number that is written beside an axis.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tick {
    /// Position on the axis.
    pub(crate) at: f64,
    pub(crate) text: String,
}

/// An axis of a drawing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Axis {
    scale: AxisScale,
    /// What lies at the two ends, after [`AxisScale::apply`].
    low: f64,
    high: f64,
    /// Positions of the ends.
    from: f64,
    to: f64,
}

/// An accuracy of 1 has no logarithm of its error. It is drawn as if this were its error, unless a smaller
/// one sets the axis's end.
const LEAST_ERROR: f64 = 1e-4;

impl Axis {
    /// An axis between two positions on which all of `values` have room. A value that is not finite, or has
    /// no logarithm on a logarithmic axis, is passed over. Without any value the axis has some ends all the
    /// same.
    pub(crate) fn over(scale: AxisScale, values: impl IntoIterator<Item = f64>, from: f64, to: f64) -> Self {
        let mut ends: Option<(f64, f64)> = None;
        for value in values.into_iter().filter_map(|value| scale.apply(value)) {
            let (low, high) = ends.unwrap_or((value, value));
            ends = Some((low.min(value), high.max(value)));
        }
        let (low, high) = match (ends, scale) {
            (None, AxisScale::Linear) => (0.0, 1.0),
            (None, AxisScale::Log) => (-1.0, 0.0),
            (None, AxisScale::Accuracy) => (0.0, 2.0),
            (Some((low, high)), AxisScale::Linear) if low == high => (low - 0.5, high + 0.5),
            (Some(ends), AxisScale::Linear) => ends,
            // The margin keeps curves off the frame, and the axis is never shorter than a third of a decade.
            (Some((low, high)), _) => {
                let margin = ((high - low) * 0.04).max((0.33 - (high - low)) / 2.0);
                (low - margin, high + margin)
            }
        };
        let low = if scale == AxisScale::Accuracy { low.max(0.0) } else { low };
        Self { scale, low, high, from, to }
    }

    /// A linear axis from 0 (or less, where values are less) to a round number.
    pub(crate) fn from_zero(values: impl IntoIterator<Item = f64>, from: f64, to: f64) -> Self {
        let mut axis = Self::over(AxisScale::Linear, values.into_iter().chain([0.0]), from, to);
        let step = nice_step(axis.high - axis.low, 4);
        axis.high = (axis.high / step - 1e-9).ceil().max(1.0) * step;
        axis
    }

    /// A linear axis with these ends.
    pub(crate) fn linear(low: f64, high: f64, from: f64, to: f64) -> Self {
        let high = if high > low { high } else { low + 1.0 };
        Self { scale: AxisScale::Linear, low, high, from, to }
    }

    /// The position of a number; a number beyond an end lies at that end. `None` if it has no place on the
    /// axis.
    pub(crate) fn at(&self, value: f64) -> Option<f64> {
        let value = match self.scale {
            // An error or a loss of zero has no logarithm. It lies at the end that it would tend to.
            AxisScale::Accuracy if value >= 1.0 => self.high,
            AxisScale::Log if value == 0.0 => self.low,
            _ => self.scale.apply(value)?,
        };
        let share = (value.clamp(self.low, self.high) - self.low) / (self.high - self.low);
        Some(self.from + share * (self.to - self.from))
    }

    /// Round numbers on the axis, about as many as asked for.
    pub(crate) fn ticks(&self, about: usize) -> Vec<Tick> {
        self.ticks_written(about, if self.scale == AxisScale::Accuracy { short_percent } else { short })
    }

    /// Round numbers on the axis, with texts that `write` makes.
    pub(crate) fn ticks_written(&self, about: usize, write: fn(f64) -> String) -> Vec<Tick> {
        let about = about.max(1);
        let values = match self.scale {
            AxisScale::Linear => linear_ticks(self.low, self.high, about),
            AxisScale::Log => log_ticks(self.low, self.high, about),
            // As the accuracy rises the error falls, so the order is reversed.
            AxisScale::Accuracy => {
                let errors = log_ticks(-self.high, -self.low, about);
                errors.into_iter().rev().map(|error| 1.0 - error).collect()
            }
        };
        values
            .into_iter()
            .filter_map(|value| Some(Tick { at: self.at(value)?, text: write(value) }))
            .collect()
    }
}

impl AxisScale {
    /// The number in whose units the axis is even: the value itself, or a logarithm. `None` if there is none.
    fn apply(self, value: f64) -> Option<f64> {
        let scaled = match self {
            Self::Linear => value,
            Self::Log => value.log10(),
            Self::Accuracy => -(1.0 - value).log10(),
        };
        let limit = if self == Self::Accuracy { -LEAST_ERROR.log10() } else { f64::MAX };
        scaled.is_finite().then(|| scaled.min(limit))
    }
}

/// The smallest of 1, 2 and 5 times a power of ten that cuts a range into at most `parts` parts.
fn nice_step(range: f64, parts: usize) -> f64 {
    let least = range / parts as f64;
    let power = 10f64.powf(least.log10().floor());
    let step =
        [1.0, 2.0, 5.0].into_iter().map(|factor| factor * power).find(|step| *step >= least * 0.999_999);
    step.unwrap_or(10.0 * power)
}

fn linear_ticks(low: f64, high: f64, about: usize) -> Vec<f64> {
    let step = nice_step(high - low, about);
    let (first, last) = ((low / step - 1e-9).ceil() as i64, (high / step + 1e-9).floor() as i64);
    (first..=last).map(|index| index as f64 * step).collect()
}

/// 1, 2 and 5 times each power of ten; on a longer axis powers of ten alone; on a very long one every second
/// power, every third, and so on.
fn log_ticks(low: f64, high: f64, about: usize) -> Vec<f64> {
    let (first, last) = (low.floor() as i32, high.ceil() as i32);
    let powers_on_axis = (high.floor() - low.ceil() + 1.0).max(0.0) as usize;
    let factors: &[f64] = if powers_on_axis * 2 > about { &[1.0] } else { &[1.0, 2.0, 5.0] };
    let every = powers_on_axis.div_ceil(about).max(1);
    let powers = (first..=last).filter(|power| (power.unsigned_abs() as usize).is_multiple_of(every));
    powers
        .flat_map(|power| factors.iter().map(move |factor| factor * 10f64.powi(power)))
        .filter(|value| (low - 1e-9..=high + 1e-9).contains(&value.log10()))
        .collect()
}

/// 99 %, 99.5 %: without the zeros that a tick does not need.
fn short_percent(share: f64) -> String {
    let text = format!("{:.2}", share * 100.0);
    format!("{}\u{a0}%", text.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(axis: &Axis, about: usize) -> Vec<String> {
        axis.ticks(about).into_iter().map(|tick| tick.text.replace('\u{a0}', " ")).collect()
    }

    #[test]
    fn linear_ticks_are_round_and_inside() {
        assert_eq!(texts(&Axis::linear(0.0, 3.0, 0.0, 300.0), 6), ["0", "0.5", "1", "1.5", "2", "2.5", "3"]);
        assert_eq!(texts(&Axis::linear(0.0, 1.0, 0.0, 1.0), 5), ["0", "0.2", "0.4", "0.6", "0.8", "1"]);
        assert_eq!(texts(&Axis::linear(-7.0, 93.0, 0.0, 1.0), 4), ["0", "50"]);
        assert_eq!(texts(&Axis::from_zero([0.002_97], 0.0, 1.0), 4), ["0", "0.001", "0.002", "0.003"]);
    }

    #[test]
    fn logarithmic_ticks_are_1_2_and_5_or_powers_of_ten() {
        assert_eq!(texts(&Axis::over(AxisScale::Log, [0.1, 1.0], 0.0, 1.0), 3), ["0.1", "1"]);
        assert_eq!(texts(&Axis::over(AxisScale::Log, [0.03, 0.06], 0.0, 1.0), 4), ["0.05"]);
        assert_eq!(
            texts(&Axis::over(AxisScale::Log, [0.018, 0.22], 0.0, 1.0), 4),
            ["0.02", "0.05", "0.1", "0.2"]
        );
        let wide = texts(&Axis::over(AxisScale::Log, [1e-8, 1e2], 0.0, 1.0), 4);
        assert!((2..=5).contains(&wide.len()), "{wide:?}");
    }

    #[test]
    fn an_accuracy_lies_where_the_logarithm_of_its_error_says() {
        let axis = Axis::over(AxisScale::Accuracy, [0.5, 0.99], 0.0, 100.0);
        assert_eq!(texts(&axis, 4), ["50 %", "80 %", "90 %", "95 %", "98 %", "99 %"]);
        let at = |value| axis.at(value).unwrap();
        assert!(
            ((at(0.9) - at(0.5)) - (at(0.98) - at(0.9))).abs() < 1e-9,
            "a fifth of the error, the same step"
        );
        assert!(
            ((at(0.95) - at(0.9)) - (at(0.975) - at(0.95))).abs() < 1e-9,
            "half the error, the same step"
        );
        assert_eq!(axis.at(1.0), Some(100.0), "no error at all lies at the end");
    }

    #[test]
    fn positions_run_from_end_to_end_and_no_further() {
        let axis = Axis::over(AxisScale::Linear, [2.0, 4.0], 200.0, 0.0);
        assert_eq!(
            [1.0, 2.0, 3.0, 4.0, 9.0].map(|value| axis.at(value)),
            [200.0, 200.0, 100.0, 0.0, 0.0].map(Some)
        );
        let axis = Axis::over(AxisScale::Log, [0.01, 1.0, 0.0, -1.0, f64::NAN], 0.0, 108.0);
        assert!((axis.at(0.1).unwrap() - 54.0).abs() < 1e-9);
        assert_eq!((axis.at(0.0), axis.at(-1.0), axis.at(f64::NAN)), (Some(0.0), None, None));
    }

    #[test]
    fn nothing_and_one_number_make_an_axis_all_the_same() {
        for scale in [AxisScale::Linear, AxisScale::Log, AxisScale::Accuracy] {
            for values in [vec![], vec![0.5], vec![0.0], vec![1.0], vec![f64::NAN], vec![0.5, 0.5]] {
                let axis = Axis::over(scale, values.iter().copied(), 0.0, 100.0);
                assert!(
                    axis.ticks(4).iter().all(|tick| (0.0..=100.0).contains(&tick.at)),
                    "{scale:?} {values:?}"
                );
                for value in values {
                    assert!(axis.at(value).is_none_or(f64::is_finite), "{scale:?} {value}");
                }
            }
        }
        assert!(Axis::from_zero([], 0.0, 1.0).at(0.5).unwrap().is_finite());
    }
}
