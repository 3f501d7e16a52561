//! Runs the kernels' tests with NEON, on a processor that emulates it.

use std::path::Path;

use anyhow::{Result, bail, ensure};

use crate::command::{cargo, output};

const TARGET: &str = "aarch64-unknown-linux-gnu";
/// Links what is built, and compiles the C of the tests' allocator.
const COMPILER: &str = "aarch64-linux-gnu-gcc";
/// Where Debian's cross compiler keeps the libraries of the other processor.
const EMULATOR: &str = "qemu-aarch64 -L /usr/aarch64-linux-gnu";

pub(crate) fn run(root: &Path) -> Result<()> {
    let libraries = output(root, "rustc", &["--print", "target-libdir", "--target", TARGET])?;
    ensure!(
        Path::new(libraries.trim()).is_dir(),
        "the standard library of {TARGET} is missing: `rustup target add {TARGET}`, or see docs/numerics.md"
    );
    for program in [COMPILER, "qemu-aarch64"] {
        if output(root, program, &["--version"]).is_err() {
            bail!("{program} is missing (Debian: gcc-aarch64-linux-gnu, libc6-dev-arm64-cross, qemu-user)");
        }
    }
    let variables = [
        ("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", COMPILER),
        ("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER", EMULATOR),
        ("CC_aarch64_unknown_linux_gnu", COMPILER),
    ];
    // Allocations are counted on the real processor.
    cargo(
        root,
        &variables,
        &format!("test -p kernels --lib --test all --target {TARGET} --target-dir target/neon"),
    )
}
