//! What would make a run's bits depend on the platform or on the length of vectors: docs/numerics.md.

use std::path::Path;

use super::code::{code, without_tests};

/// Whose results end in weights or in the figures of an evaluation.
const COMPUTING: [&str; 6] = [
    "crates/kernels/src",
    "crates/network/src",
    "crates/ops/src",
    "crates/model/src",
    "crates/learner/src",
    "crates/dataset/src/augment",
];
/// A GPU's kernels, where the driver compiles these functions: other bits on each device, which nobody promises there.
const OF_A_GPU: &str = "crates/ops/src/gpu";
const KERNELS: &str = "crates/kernels/src";
/// Methods of numbers that the platform's mathematical library computes. Crate `libm` and the kernels' functions
/// compute them from additions and products alone. Roots are exact everywhere.
const OF_THE_PLATFORM: [&str; 23] = [
    ".exp(",
    ".exp2(",
    ".exp_m1(",
    ".ln(",
    ".ln_1p(",
    ".log2(",
    ".log10(",
    ".log(",
    ".powf(",
    ".powi(",
    ".sin(",
    ".cos(",
    ".sin_cos(",
    ".tan(",
    ".asin(",
    ".acos(",
    ".atan(",
    ".atan2(",
    ".sinh(",
    ".cosh(",
    ".tanh(",
    ".cbrt(",
    ".hypot(",
];
/// Operations on vectors that differ between sets of instructions: in what they make of NaN or of zeros with a
/// sign, in the order in which they add lanes, in their precision, or in how often they round.
const OF_THE_VECTORS: [&str; 6] =
    [".max_f32s(", ".min_f32s(", ".reduce_", ".approx_reciprocal", ".mul_add_f32s(", ".mul_add("];

pub(super) fn of_file(file: &Path, text: &str) -> Vec<String> {
    let is_test = file.file_stem().is_some_and(|name| name.to_string_lossy().ends_with("tests"));
    if is_test || file.starts_with(OF_A_GPU) || !COMPUTING.iter().any(|folder| file.starts_with(folder)) {
        return Vec::new();
    }
    let code = without_tests(&code(text));
    let vectors: &[&str] = if file.starts_with(KERNELS) { &OF_THE_VECTORS } else { &[] };
    let found = OF_THE_PLATFORM.iter().chain(vectors).filter(|word| code.contains(*word));
    found
        .map(|word| {
            format!("{}: {word}...): bits would depend on the processor or the platform", file.display())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_of_the_platform_are_found_where_bits_matter() {
        let found = |file: &str, text: &str| of_file(Path::new(file), text).len();
        let text = "let y = x.exp() + z.sqrt(); // x.ln()\n#[cfg(test)]\nmod tests { fn f() { x.tanh() } }";
        assert_eq!(found("crates/learner/src/eval/logits.rs", text), 1);
        assert_eq!(found("crates/learner/src/eval/logits_tests.rs", text), 0);
        assert_eq!(found("crates/report/src/figures/axis.rs", text), 0);
        let text =
            "simd.max_f32s(a, b); simd.mul_add_e_f32s(a, b, c); functions::exp(simd, x); iterator.max()";
        assert_eq!(found("crates/kernels/src/pool/window.rs", text), 1);
        assert_eq!(found("crates/ops/src/cpu.rs", text), 0);
    }
}
