//! The upstream gradient of one image times the slope of the activation.

use crate::functions::activation::Activation;
use crate::simd::vector::{Kernel, Vector};

/// Multiplies `upstream` with slopes. All slices are equally long.
pub(crate) struct TimesSlope<'a> {
    pub activation: Activation,
    /// What [`Activation::pull_back`] takes: the values of tanh and sigmoid, the slopes of GELU.
    pub source: &'a [f32],
    pub upstream: &'a [f32],
    pub scaled: &'a mut [f32],
}

impl Kernel for TimesSlope<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vector>(self, simd: S) {
        let whole = self.scaled.len() / S::LANES * S::LANES;
        assert_eq!([self.source.len(), self.upstream.len()], [self.scaled.len(); 2]);
        for at in (0..whole).step_by(S::LANES) {
            // SAFETY: all slices are as long, and the vector ends before `whole`.
            unsafe {
                let source = simd.load(self.source.as_ptr().add(at));
                let upstream = simd.load(self.upstream.as_ptr().add(at));
                let scaled = self.activation.pull_back(simd, source, upstream);
                simd.store(self.scaled.as_mut_ptr().add(at), scaled);
            }
        }
        // The rest goes through a vector as well, so that it is rounded in the same way.
        let mut spare = [[0.0; 16]; 2];
        let rest = self.scaled.len() - whole;
        spare[0][..rest].copy_from_slice(&self.source[whole..]);
        spare[1][..rest].copy_from_slice(&self.upstream[whole..]);
        // SAFETY: no vector is longer than 16 lanes.
        unsafe {
            let [source, upstream] = [simd.load(spare[0].as_ptr()), simd.load(spare[1].as_ptr())];
            let scaled = self.activation.pull_back(simd, source, upstream);
            simd.store(spare[0].as_mut_ptr(), scaled);
        }
        self.scaled[whole..].copy_from_slice(&spare[0][..rest]);
    }
}
