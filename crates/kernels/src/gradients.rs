//! Where the backward kernels write.

/// The slices into which a backward kernel writes the gradients of its operands.
///
/// The kernel overwrites every value. Each slice is as long as the operand that it belongs to.
#[derive(Debug)]
pub struct Gradients<'a> {
    /// Of a convolution `[n, height, width, channels]`, of a dense layer `[n, inputs]`. With `None` it is
    /// not computed: a network's first layer needs no gradient of its input.
    pub input: Option<&'a mut [f32]>,
    /// Of a convolution `[filters, channels, kernel, kernel]`, of a dense layer `[inputs, outputs]`.
    pub weight: &'a mut [f32],
    /// Of a convolution `[filters]`, of a dense layer `[outputs]`.
    pub bias: &'a mut [f32],
}

impl Gradients<'_> {
    /// # Panics
    /// If a slice is not as long as its operand.
    pub(crate) fn assert_lengths(&self, [input, weight, bias]: [usize; 3]) {
        if let Some(values) = &self.input {
            assert_eq!(values.len(), input, "the input's gradient is as long as the input");
        }
        let lengths = [self.weight.len(), self.bias.len()];
        assert_eq!(lengths, [weight, bias], "gradients are as long as weights and biases");
    }
}
