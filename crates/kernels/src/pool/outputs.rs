//! What a pooled convolution writes, cut into pieces for the threads.

use crate::threads::parallel::*;

/// The results for some images, or for some rows of one: `[pooled rows, pooled width, filters]` each.
pub(crate) struct Outputs<'a> {
    pub values: &'a mut [f32],
    /// Beside each value its place in the window. It is empty if no gradient will be computed.
    pub argmax: &'a mut [u8],
    /// Beside each value the slope of GELU. It is empty with other activations and if no gradient will be
    /// computed.
    pub slopes: &'a mut [f32],
}

impl Outputs<'_> {
    /// Calls `work` with the number of each piece of `len` values, and with the piece.
    pub(crate) fn for_each_piece(self, len: usize, work: impl Fn(usize, Outputs<'_>) + Sync) {
        let Self { values, argmax, slopes } = self;
        let has_slopes = !slopes.is_empty();
        let values = values.par_chunks_mut(len).enumerate();
        if argmax.is_empty() {
            values.for_each(|(i, values)| work(i, Outputs { values, argmax: &mut [], slopes: &mut [] }));
            return;
        }
        let values = values.zip(argmax.par_chunks_mut(len));
        if has_slopes {
            values.zip(slopes.par_chunks_mut(len)).for_each(|(((i, values), argmax), slopes)| {
                work(i, Outputs { values, argmax, slopes });
            });
        } else {
            values.for_each(|((i, values), argmax)| work(i, Outputs { values, argmax, slopes: &mut [] }));
        }
    }
}
