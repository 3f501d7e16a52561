//! Feature maps on their way around units, to the place where they are added.

use burn::tensor::Tensor;

use crate::conv_unit::ConvUnit;

/// The feature maps `[n, channels, height, width]` that entered a unit and are still needed by a later one.
pub(crate) struct Shortcuts<'a> {
    units: &'a [ConvUnit],
    /// What entered each unit, if it is needed.
    entered: Vec<Option<Tensor<4>>>,
}

impl<'a> Shortcuts<'a> {
    pub(crate) fn new(units: &'a [ConvUnit]) -> Self {
        Self { units, entered: vec![None; units.len()] }
    }

    /// Notes what enters a unit, and returns it with what the unit's shortcut brings if it has one.
    ///
    /// Feature maps that nothing needs any more are given away and not copied, because an operator that holds
    /// a tensor alone may write its result into the same memory.
    pub(crate) fn enter(&mut self, unit: usize, mut maps: Tensor<4>) -> (Tensor<4>, Option<Tensor<4>>) {
        if self.is_needed(unit, unit) {
            let [maps_of_unit, maps_of_shortcut] = ops::fork(maps);
            self.entered[unit] = Some(maps_of_shortcut);
            maps = maps_of_unit;
        }
        let shortcut = source(unit, &self.units[unit]).and_then(|source| {
            let maps = self.entered[source].take()?;
            if !self.is_needed(source, unit + 1) {
                return Some(maps);
            }
            let [now, later] = ops::fork(maps);
            self.entered[source] = Some(later);
            Some(now)
        });
        (maps, shortcut)
    }

    /// Whether a unit from `first` on has a shortcut that begins at `source`.
    fn is_needed(&self, start: usize, first: usize) -> bool {
        self.units.iter().enumerate().skip(first).any(|(i, unit)| source(i, unit) == Some(start))
    }
}

/// The unit at whose entry the shortcut of unit `i` begins.
fn source(i: usize, unit: &ConvUnit) -> Option<usize> {
    // An architecture has no shortcut that begins before its first unit.
    (unit.residual() > 0).then(|| i + 1 - unit.residual())
}
