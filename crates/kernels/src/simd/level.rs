//! Which vector instructions the kernels use, chosen when the program runs.

use pulp::Simd;

/// A set of vector instructions, and the few operations on it that the kernels need.
pub(crate) trait Vector: Simd {
    /// Whether a multiply-add is one instruction, rounded once.
    const FUSED: bool;
    /// How many vectors fit into the registers as sums, with room for what is added to them.
    const SUMS: usize;

    /// `f32` values a vector.
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

/// As wide as AVX-512, without it: its tiles are tested wherever the tests run.
#[cfg(test)]
impl Vector for pulp::Scalar512b {
    const FUSED: bool = false;
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

/// Work that is written once and compiled for each set of instructions.
pub(crate) trait Kernel {
    type Output;
    fn run<S: Vector>(self, simd: S) -> Self::Output;
}

/// A set of vector instructions that this processor has.
#[derive(Clone, Copy, Debug)]
pub enum Level {
    /// No more than the compiler's target offers.
    Portable,
    #[cfg(test)]
    Wide,
    #[cfg(target_arch = "x86_64")]
    Avx2(pulp::x86::V3),
    #[cfg(target_arch = "x86_64")]
    Avx512(pulp::x86::V4),
    #[cfg(target_arch = "aarch64")]
    Neon(pulp::aarch64::Neon),
}

impl Level {
    /// What this processor has, the fastest last.
    pub fn available() -> Vec<Self> {
        let mut levels = vec![Self::Portable];
        #[cfg(target_arch = "x86_64")]
        {
            levels.extend(pulp::x86::V3::try_new().map(Self::Avx2));
            levels.extend(pulp::x86::V4::try_new().map(Self::Avx512));
        }
        #[cfg(target_arch = "aarch64")]
        levels.extend(pulp::aarch64::Neon::try_new().map(Self::Neon));
        levels
    }

    /// The fastest that this processor has, or the one that `MNIST_CNN_SIMD` names.
    pub fn best() -> Self {
        static BEST: std::sync::OnceLock<Level> = std::sync::OnceLock::new();
        *BEST.get_or_init(|| {
            let wish = std::env::var("MNIST_CNN_SIMD").unwrap_or_default();
            let available = Self::available();
            let wished = available.iter().find(|level| level.name() == wish);
            *wished.or(available.last()).unwrap_or(&Self::Portable)
        })
    }

    /// `portable`, `avx2`, `avx512` or `neon`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            #[cfg(test)]
            Self::Wide => "wide",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(_) => "avx2",
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(_) => "avx512",
            #[cfg(target_arch = "aarch64")]
            Self::Neon(_) => "neon",
        }
    }

    /// `f32` values a vector.
    pub(crate) fn lanes(self) -> usize {
        struct Lanes;
        impl Kernel for Lanes {
            type Output = usize;
            #[inline(always)]
            fn run<S: Vector>(self, _simd: S) -> usize {
                S::LANES
            }
        }
        self.run(Lanes)
    }

    /// Runs a kernel with these instructions.
    #[inline]
    pub(crate) fn run<K: Kernel>(self, kernel: K) -> K::Output {
        match self {
            Self::Portable => kernel.run(pulp::Scalar128b),
            #[cfg(test)]
            Self::Wide => kernel.run(pulp::Scalar512b),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(simd) => simd.vectorize(Call(kernel, simd)),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(simd) => simd.vectorize(Call(kernel, simd)),
            #[cfg(target_arch = "aarch64")]
            Self::Neon(simd) => simd.vectorize(Call(kernel, simd)),
        }
    }
}

/// A kernel with its instructions; inlined into the function that the processor's features are on for.
struct Call<K, S>(K, S);

impl<K: Kernel, S: Vector> pulp::NullaryFnOnce for Call<K, S> {
    type Output = K::Output;

    #[inline(always)]
    fn call(self) -> K::Output {
        self.0.run(self.1)
    }
}
