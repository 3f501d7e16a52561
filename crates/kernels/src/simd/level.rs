//! Which vector instructions the kernels use, chosen when the program runs.

use std::error::Error;
use std::ffi::OsStr;
use std::fmt;
use std::sync::OnceLock;

use crate::simd::vector::{Kernel, Vector};

/// The environment variable that names a level.
const VARIABLE: &str = "MNIST_CNN_SIMD";

/// A set of vector instructions that this processor has.
#[derive(Clone, Copy, Debug)]
pub enum Level {
    /// The instructions that every processor of the compiler's target has.
    #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
    Portable,
    /// WebAssembly's vectors of 128 bits. A browser that has them has no other level, which halves the file's length.
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    Simd128,
    /// Vectors as wide as AVX-512's with a fused multiply-add, for tests on a processor without AVX-512. No
    /// program chooses this level by itself, and only the feature `wide-level` compiles it in.
    #[cfg(feature = "wide-level")]
    Wide,
    #[cfg(target_arch = "x86_64")]
    Avx2(pulp::x86::V3),
    #[cfg(target_arch = "x86_64")]
    Avx512(pulp::x86::V4),
    #[cfg(target_arch = "aarch64")]
    Neon(pulp::aarch64::Neon),
}

impl Level {
    /// The level that every processor of the compiler's target has.
    #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
    const LEAST: Self = Self::Portable;
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    const LEAST: Self = Self::Simd128;

    /// The levels that this processor has, the fastest last.
    pub fn available() -> Vec<Self> {
        #[allow(unused_mut, reason = "a browser's processor has a single level")]
        let mut levels = vec![Self::LEAST];
        #[cfg(target_arch = "x86_64")]
        {
            levels.extend(pulp::x86::V3::try_new().map(Self::Avx2));
            levels.extend(pulp::x86::V4::try_new().map(Self::Avx512));
        }
        #[cfg(target_arch = "aarch64")]
        levels.extend(pulp::aarch64::Neon::try_new().map(Self::Neon));
        levels
    }

    /// The levels that the environment can name: the available ones and, where it is compiled in, `Level::Wide`.
    pub fn named() -> Vec<Self> {
        #[allow(unused_mut, reason = "most builds have no level for tests")]
        let mut levels = Self::available();
        #[cfg(feature = "wide-level")]
        levels.push(Self::Wide);
        levels
    }

    /// Whether a multiply-add is one instruction, which rounds once. The levels with it compute the same bits,
    /// and so do the levels without it, but the one group's results differ from the other's.
    pub fn is_fused(self) -> bool {
        struct Fused;
        impl Kernel for Fused {
            type Output = bool;
            #[inline(always)]
            fn run<S: Vector>(self, _simd: S) -> bool {
                S::FUSED
            }
        }
        self.run(Fused)
    }

    /// The level that the environment variable `MNIST_CNN_SIMD` names, or the fastest one if the variable is
    /// not set or empty.
    ///
    /// # Errors
    /// If this processor has no level of that name.
    pub fn from_environment() -> Result<Self, UnknownLevel> {
        Self::wished(std::env::var_os(VARIABLE).as_deref())
    }

    /// The same as [`Self::from_environment`], looked up once. A name that this processor does not have stands
    /// for the fastest level here, so a program should check the environment before it computes.
    pub fn best() -> Self {
        static BEST: OnceLock<Level> = OnceLock::new();
        *BEST.get_or_init(|| Self::from_environment().unwrap_or_else(|_| Self::fastest()))
    }

    fn wished(name: Option<&OsStr>) -> Result<Self, UnknownLevel> {
        let Some(name) = name.filter(|name| !name.is_empty()) else { return Ok(Self::fastest()) };
        let named = Self::named().into_iter().find(|level| name == level.name());
        named.ok_or_else(|| UnknownLevel { name: name.to_string_lossy().into_owned() })
    }

    fn fastest() -> Self {
        Self::available().last().copied().unwrap_or(Self::LEAST)
    }

    /// The level's name: `portable`, `avx2`, `avx512`, `neon` or `simd128`, and `wide` for the tests' level.
    pub fn name(self) -> &'static str {
        match self {
            #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
            Self::Portable => "portable",
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            Self::Simd128 => "simd128",
            #[cfg(feature = "wide-level")]
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
            #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
            Self::Portable => kernel.run(pulp::Scalar128b),
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            // SAFETY: a browser without these instructions has refused the whole file.
            Self::Simd128 => kernel.run(unsafe { pulp::wasm::Simd128::new_unchecked() }),
            #[cfg(feature = "wide-level")]
            Self::Wide => run_wide(kernel),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(simd) => simd.vectorize(Call(kernel, simd)),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(simd) => simd.vectorize(Call(kernel, simd)),
            #[cfg(target_arch = "aarch64")]
            Self::Neon(simd) => simd.vectorize(Call(kernel, simd)),
        }
    }
}

/// Runs a kernel with vectors of 16 values, in a function with AVX2's instructions where the processor has them.
#[cfg(feature = "wide-level")]
fn run_wide<K: Kernel>(kernel: K) -> K::Output {
    let call = Call(kernel, pulp::Scalar512b);
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = pulp::x86::V3::try_new() {
        return simd.vectorize(call);
    }
    pulp::NullaryFnOnce::call(call)
}

/// A name that is not one of this processor's levels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownLevel {
    name: String,
}

impl fmt::Display for UnknownLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = Level::named().into_iter().map(Level::name).collect::<Vec<_>>().join(", ");
        write!(f, "{VARIABLE} = {}: expected one of {names}, which this processor has", self.name)
    }
}

impl Error for UnknownLevel {}

/// A kernel and its instructions. The call is inlined into a function that is compiled with the processor's
/// features switched on.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64", feature = "wide-level"))]
struct Call<K, S>(K, S);

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64", feature = "wide-level"))]
impl<K: Kernel, S: Vector> pulp::NullaryFnOnce for Call<K, S> {
    type Output = K::Output;

    #[inline(always)]
    fn call(self) -> K::Output {
        self.0.run(self.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wished(name: &str) -> Result<&'static str, String> {
        Level::wished(Some(OsStr::new(name))).map(Level::name).map_err(|error| error.to_string())
    }

    #[test]
    fn each_level_is_taken_by_its_name_and_other_names_are_refused() {
        for level in Level::named() {
            assert_eq!(wished(level.name()), Ok(level.name()));
        }
        let fastest = Level::available().last().unwrap().name();
        assert_eq!(wished(""), Ok(fastest));
        assert_eq!(Level::wished(None).map(Level::name), Ok(fastest));
        for name in ["avx3", "AVX2", "Wide", " "] {
            let message = wished(name).unwrap_err();
            let begin = format!("MNIST_CNN_SIMD = {name}: expected one of portable");
            assert!(message.starts_with(&begin) && message.contains(fastest), "{message}");
        }
    }
}
