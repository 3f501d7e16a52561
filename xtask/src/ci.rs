//! What has to pass before a change is taken, without a GPU stack; `.ci/run` does more.

use std::path::Path;

use anyhow::Result;

use crate::command::cargo;
use crate::tidy;

pub(crate) fn run(root: &Path) -> Result<()> {
    cargo(root, "fmt --all --check")?;
    tidy::run(root)?;
    cargo(root, "clippy --workspace --all-targets --locked -- -D warnings")?;
    cargo(root, "test --workspace --locked")
}
