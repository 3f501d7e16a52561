//! The few vector operations that the kernels are written with, and the sets of instructions that have them.

use pulp::Simd;

/// A set of vector instructions with the operations that the kernels need.
pub(crate) trait Vector: Simd {
    /// Whether a multiply-add is one instruction, which rounds once.
    const FUSED: bool;
    /// How many vectors of sums fit into the registers beside the operands that are multiplied.
    const SUMS: usize;

    /// How many `f32` values a vector has.
    const LANES: usize = Self::F32_LANES;

    /// `a * b + c` in each lane.
    #[inline(always)]
    fn multiply_add(self, a: Self::f32s, b: Self::f32s, c: Self::f32s) -> Self::f32s {
        if Self::FUSED { self.mul_add_e_f32s(a, b, c) } else { self.add_f32s(self.mul_f32s(a, b), c) }
    }

    /// The vector at the start of `values`.
    ///
    /// # Safety
    /// `values` points to at least [`Vector::LANES`] values.
    #[inline(always)]
    unsafe fn load(self, values: *const f32) -> Self::f32s {
        // SAFETY: the caller vouches for the memory; `f32s` is plain data of that many lanes.
        unsafe { values.cast::<Self::f32s>().read_unaligned() }
    }

    /// Writes a vector to the start of `values`.
    ///
    /// # Safety
    /// `values` points to at least [`Vector::LANES`] values that nothing else uses meanwhile.
    #[inline(always)]
    unsafe fn store(self, values: *mut f32, vector: Self::f32s) {
        // SAFETY: as for `load`.
        unsafe { values.cast::<Self::f32s>().write_unaligned(vector) }
    }
}

impl Vector for pulp::Scalar128b {
    const FUSED: bool = false;
    const SUMS: usize = 8;
}

/// WebAssembly's plain vectors multiply and add in two steps, so they give the bits of the portable level. The relaxed
/// ones may fuse both, but each browser decides that for itself.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
impl Vector for pulp::wasm::Simd128 {
    const FUSED: bool = false;
    const SUMS: usize = 8;
}

/// Vectors as wide as AVX-512's, in code for any processor. Where the processor has AVX2, the compiler makes two
/// vectors of each, and a fused multiply-add is an instruction; elsewhere it is a call, which is slow.
#[cfg(feature = "wide-level")]
impl Vector for pulp::Scalar512b {
    const FUSED: bool = true;
    const SUMS: usize = 24;
}

#[cfg(target_arch = "x86_64")]
impl Vector for pulp::x86::V3 {
    const FUSED: bool = true;
    const SUMS: usize = 12;
}

#[cfg(target_arch = "x86_64")]
impl Vector for pulp::x86::V4 {
    const FUSED: bool = true;
    const SUMS: usize = 24;
}

#[cfg(target_arch = "aarch64")]
impl Vector for pulp::aarch64::Neon {
    const FUSED: bool = true;
    const SUMS: usize = 24;
}

/// Work that is written once and compiled for each set of vector instructions.
pub(crate) trait Kernel {
    type Output;
    fn run<S: Vector>(self, simd: S) -> Self::Output;
}
