//! Checks the kernels' functions (exp, ln, tanh, sigmoid, GELU and its derivative) for all 2^32 inputs on each level
//! against double precision.

use std::path::Path;

use anyhow::Result;

use crate::command::cargo;

/// Runs the example that checks, which fails if an error is above 2 units in the last place.
pub(crate) fn run(root: &Path) -> Result<()> {
    cargo(root, &[], "run -p kernels --example functions")
}
