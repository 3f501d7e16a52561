//! The sizes of a dense layer.

/// The sizes of a dense layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DenseShape {
    pub inputs: usize,
    pub outputs: usize,
}

impl DenseShape {
    /// How many rows there are, where `x` is `[n, inputs]` and `y` is `[n, outputs]`. Without inputs and
    /// outputs there are none.
    pub(crate) fn rows(self, x: &[f32], y: &[f32]) -> usize {
        let rows = x.len().checked_div(self.inputs).or_else(|| y.len().checked_div(self.outputs));
        rows.unwrap_or(0)
    }
}
