//! Shapes of feature maps, and how a convolution unit changes them.

use crate::config::{Padding, Pool, Stage, UnitConfig};

/// A tensor with more numbers than this (4 GiB of `f32`) is refused as a typing mistake.
pub(crate) const LARGEST_TENSOR: usize = 1 << 30;

/// Shape of one image's feature maps, or of the image itself: `[channels, height, width]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeatureMapShape {
    pub channels: usize,
    pub height: usize,
    pub width: usize,
}

impl FeatureMapShape {
    /// How many numbers a tensor of this shape holds; `None` if a `usize` cannot hold their count.
    pub(crate) fn count(self) -> Option<usize> {
        self.channels.checked_mul(self.height)?.checked_mul(self.width)
    }
}

/// Shapes inside one convolution unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnitShape {
    pub input: FeatureMapShape,
    /// After the convolution, before pooling.
    pub convolved: FeatureMapShape,
    pub output: FeatureMapShape,
}

impl UnitShape {
    /// Follows a unit's input through convolution and pooling.
    ///
    /// # Errors
    /// Why the unit cannot exist on such an input, in words that name the key.
    pub(crate) fn new(input: FeatureMapShape, unit: &UnitConfig) -> Result<Self, String> {
        check_sizes(unit)?;
        check_dropout(unit.dropout)?;
        check_order(unit.order)?;
        check_groups(input, unit)?;
        check_filters(input, unit)?;
        let convolved = convolve(input, unit)?;
        let output = pool(convolved, unit)?;
        Ok(Self { input, convolved, output })
    }

    /// Shape of the feature maps that enter a stage of this unit, whose configuration is given.
    pub fn before(&self, stage: Stage, unit: &UnitConfig) -> FeatureMapShape {
        if unit.is_before(Stage::Pool, stage) { self.output } else { self.convolved }
    }
}

impl UnitConfig {
    /// How many zeros the convolution reads before and after the `size` pixels of a row or a column.
    ///
    /// SAME padding adds as many as it takes for an output for each `stride` pixels. If their number is odd, one
    /// more comes after than before.
    pub fn zeros_around(&self, size: usize) -> (usize, usize) {
        let total = match self.padding {
            Padding::Same => {
                let needed = (size.div_ceil(self.stride).max(1) - 1) * self.stride + self.kernel_size;
                needed.saturating_sub(size)
            }
            Padding::Valid => 0,
        };
        (total / 2, total - total / 2)
    }
}

/// Refuses a dropout that is not a probability below 1.
pub(crate) fn check_dropout(p: f64) -> Result<(), String> {
    if !(0.0..1.0).contains(&p) {
        return Err(format!("dropout = {p}: expected a probability from 0 to below 1"));
    }
    // The masks are drawn with numbers in single precision, all of which are below a larger probability, so
    // nothing would be kept.
    if p > f64::from(1.0_f32.next_down()) {
        return Err(format!(
            "dropout = {p}: expected a probability below 1 in single precision, so at most 0.99999994"
        ));
    }
    Ok(())
}

fn check_sizes(unit: &UnitConfig) -> Result<(), String> {
    let positive = [
        ("filters", unit.filters),
        ("kernel_size", unit.kernel_size),
        ("stride", unit.stride),
        ("groups", unit.groups),
        ("pool_size", unit.pool_size),
    ];
    match positive.iter().find(|(_, value)| !(1..=LARGEST_TENSOR).contains(value)) {
        Some((key, value)) => Err(format!("{key} = {value}: expected a number from 1 to {LARGEST_TENSOR}")),
        None => Ok(()),
    }
}

fn check_order(order: [Stage; 4]) -> Result<(), String> {
    let words = |stages: [Stage; 4]| stages.map(|stage| format!("\"{}\"", stage.word())).join(", ");
    if Stage::ALL.iter().all(|stage| order.contains(stage)) {
        return Ok(());
    }
    Err(format!("order = [{}]: expected each stage once, such as [{}]", words(order), words(Stage::ALL)))
}

fn check_groups(input: FeatureMapShape, unit: &UnitConfig) -> Result<(), String> {
    let (groups, channels, filters) = (unit.groups, input.channels, unit.filters);
    if channels.is_multiple_of(groups) && filters.is_multiple_of(groups) {
        return Ok(());
    }
    Err(format!(
        "groups = {groups}: expected a number that divides the {} and the {}",
        counted(channels, "channel that enters", "channels that enter"),
        counted(filters, "filter", "filters")
    ))
}

fn counted(count: usize, one: &str, many: &str) -> String {
    if count == 1 { one.to_owned() } else { format!("{count} {many}") }
}

fn check_filters(input: FeatureMapShape, unit: &UnitConfig) -> Result<(), String> {
    let k = unit.kernel_size;
    let channels = input.channels / unit.groups;
    let count = [unit.filters, channels, k, k].iter().try_fold(1usize, |n, &d| n.checked_mul(d));
    if count.is_none_or(|n| n > LARGEST_TENSOR) {
        return Err(format!(
            "{} filters of {}x{k}x{k} are more than {LARGEST_TENSOR} numbers",
            unit.filters, channels
        ));
    }
    Ok(())
}

fn convolve(input: FeatureMapShape, unit: &UnitConfig) -> Result<FeatureMapShape, String> {
    let k = unit.kernel_size;
    let convolved = match unit.padding {
        Padding::Same => FeatureMapShape {
            channels: unit.filters,
            height: input.height.div_ceil(unit.stride),
            width: input.width.div_ceil(unit.stride),
        },
        Padding::Valid => {
            if k > input.height || k > input.width {
                return Err(format!(
                    "a {k}x{k} kernel does not fit into {}x{} with padding = \"valid\"",
                    input.height, input.width
                ));
            }
            FeatureMapShape {
                channels: unit.filters,
                height: (input.height - k) / unit.stride + 1,
                width: (input.width - k) / unit.stride + 1,
            }
        }
    };
    if convolved.count().is_none_or(|n| n > LARGEST_TENSOR) {
        return Err(format!(
            "its output of {}x{}x{} is larger than {LARGEST_TENSOR} numbers",
            convolved.channels, convolved.height, convolved.width
        ));
    }
    Ok(convolved)
}

fn pool(convolved: FeatureMapShape, unit: &UnitConfig) -> Result<FeatureMapShape, String> {
    let size = match unit.pool {
        Pool::GlobalAverage => return Ok(FeatureMapShape { height: 1, width: 1, ..convolved }),
        Pool::Max | Pool::Average => unit.pool_size,
        Pool::None => 1,
    };
    if size > convolved.height || size > convolved.width {
        return Err(format!(
            "a {size}x{size} pooling window does not fit into {}x{}",
            convolved.height, convolved.width
        ));
    }
    Ok(FeatureMapShape { height: convolved.height / size, width: convolved.width / size, ..convolved })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stride_padding_and_pooling_give_known_shapes() {
        let shape = |change: fn(&mut UnitConfig)| {
            let mut config = UnitConfig::default();
            change(&mut config);
            let input = FeatureMapShape { channels: 3, height: 28, width: 27 };
            let out = UnitShape::new(input, &config).unwrap();
            assert_eq!([out.convolved.channels, out.output.channels], [config.filters; 2]);
            [out.convolved.height, out.convolved.width, out.output.height, out.output.width]
        };
        assert_eq!(shape(|_| ()), [28, 27, 14, 13]);
        assert_eq!(shape(|u| u.stride = 2), [14, 14, 7, 7]);
        assert_eq!(shape(|u| u.padding = Padding::Valid), [24, 23, 12, 11]);
        assert_eq!(shape(|u| (u.padding, u.stride) = (Padding::Valid, 2)), [12, 12, 6, 6]);
        assert_eq!(shape(|u| (u.pool, u.pool_size) = (Pool::Average, 3)), [28, 27, 9, 9]);
        assert_eq!(shape(|u| u.pool = Pool::None), [28, 27, 28, 27]);
        assert_eq!(shape(|u| (u.pool, u.pool_size) = (Pool::GlobalAverage, 99)), [28, 27, 1, 1]);
        assert_eq!(shape(|u| (u.kernel_size, u.padding) = (4, Padding::Valid)), [25, 24, 12, 12]);
    }
}
