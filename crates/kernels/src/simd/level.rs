//! Which vector instructions the kernels use, chosen when the program runs.

use crate::simd::vector::{Kernel, Vector};

/// A set of vector instructions that this processor has.
#[derive(Clone, Copy, Debug)]
pub enum Level {
    /// The instructions that every processor of the compiler's target has.
    Portable,
    /// Vectors as wide as AVX-512's, in portable code.
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
    /// The levels that this processor has, the fastest last.
    pub fn available() -> Vec<Self> {
        #[allow(unused_mut, reason = "a browser's processor has only the portable level")]
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

    /// The fastest level that this processor has, or the one that the environment variable `MNIST_CNN_SIMD`
    /// names if the processor has it.
    pub fn best() -> Self {
        static BEST: std::sync::OnceLock<Level> = std::sync::OnceLock::new();
        *BEST.get_or_init(|| {
            let wish = std::env::var("MNIST_CNN_SIMD").unwrap_or_default();
            let available = Self::available();
            let wished = available.iter().find(|level| level.name() == wish);
            *wished.or(available.last()).unwrap_or(&Self::Portable)
        })
    }

    /// The level's name: `portable`, `avx2`, `avx512` or `neon`.
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

    /// How many `f32` values a vector has.
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

    /// Runs a kernel with the level's instructions.
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

/// A kernel and its instructions. The call is inlined into a function that is compiled with the processor's
/// features switched on.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
struct Call<K, S>(K, S);

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
impl<K: Kernel, S: Vector> pulp::NullaryFnOnce for Call<K, S> {
    type Output = K::Output;

    #[inline(always)]
    fn call(self) -> K::Output {
        self.0.run(self.1)
    }
}
