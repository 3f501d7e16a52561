//! Runs the checks that have to pass before a change is accepted. `.ci/run` runs the same list.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use crate::command::{cargo, say};
use crate::tidy;

/// Which checks to run.
#[derive(Debug, clap::Args)]
pub(crate) struct CiArgs {
    /// Also run the checks that compile Burn for other backends and features: flex, wgpu (needs a Vulkan
    /// driver; Mesa's software driver will do), the fuzz targets, candle's program.
    #[arg(long)]
    every_feature: bool,
    /// Run only the checks whose names contain this.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
}

/// A check: its name, and how it is run.
struct Check {
    name: &'static str,
    action: Action,
    /// Whether it is left out without `--every-feature`.
    is_long: bool,
}

enum Action {
    Tidy,
    /// Variables of the environment, and the words after `cargo`, separated by spaces.
    Cargo(&'static [(&'static str, &'static str)], &'static str),
}

use Action::{Cargo, Tidy};

/// Stands in the words of a check for the features that `--every-feature` adds.
const FEATURES: &str = "FEATURES";
const EVERY_FEATURE: &str = "--features cli/flex,cli/wgpu,cli/fault-injection";

const CHECKS: [Check; 13] = [
    short("format", Cargo(&[], "fmt --all --check")),
    short("format of the fuzz targets", Cargo(&[], "fmt --manifest-path fuzz/Cargo.toml --check")),
    short(
        "format of candle's program",
        Cargo(&[], "fmt --manifest-path xtask/bench/candle/Cargo.toml --check"),
    ),
    short("rules", Tidy),
    // This is the first check that compiles Burn. The next ones reuse what they can.
    short("the README's test command", Cargo(&[], "test --workspace --locked")),
    // Burn's ndarray backend gets the same features here as above, so its compiled code is reused.
    long(
        "both CPU backends: the kernels on each, one against the other, and the program's tests on flex",
        Cargo(
            &[("MNIST_CNN_TEST_BACKEND", "flex")],
            "test --locked -p cli -p learner -p model -p ops --no-default-features --features cli/ndarray,cli/flex",
        ),
    ),
    // From here on code is only checked, and no machine code is made.
    long(
        "flex alone",
        Cargo(&[], "check --locked -p cli --all-targets --no-default-features --features flex"),
    ),
    short("clippy", Cargo(&[], "clippy --locked --workspace --all-targets FEATURES -- -D warnings")),
    // The features are clippy's, so that the dependencies have been checked already.
    short(
        "documentation",
        Cargo(&[("RUSTDOCFLAGS", "-D warnings")], "doc --locked --workspace --no-deps FEATURES"),
    ),
    long("wgpu alone", Cargo(&[], "check --locked -p cli --no-default-features --features wgpu")),
    long(
        "the fuzz targets",
        Cargo(&[], "check --locked --manifest-path fuzz/Cargo.toml --target-dir target"),
    ),
    long(
        "candle's program for `bench --candle`",
        Cargo(
            &[],
            "check --locked --manifest-path xtask/bench/candle/Cargo.toml --target-dir target/bench/candle",
        ),
    ),
    // The graphics stack is not optimised: that takes many minutes, and these few tests do not need it.
    long(
        "wgpu, against ndarray",
        Cargo(
            &[("CUBECL_AUTOTUNE_LEVEL", "minimal")],
            "test --locked -p learner -p cli --no-default-features --features cli/wgpu,cli/ndarray --config profile.dev.package.\"*\".opt-level=0 -- wgpu",
        ),
    ),
];

const fn short(name: &'static str, action: Action) -> Check {
    Check { name, action, is_long: false }
}

const fn long(name: &'static str, action: Action) -> Check {
    Check { name, action, is_long: true }
}

pub(crate) fn run(root: &Path, args: &CiArgs) -> Result<()> {
    let chosen = |check: &&Check| match &args.only {
        Some(text) => check.name.contains(text.as_str()),
        None => args.every_feature || !check.is_long,
    };
    let mut times = Vec::new();
    for check in CHECKS.iter().filter(chosen) {
        say(&format!("\n=== {}", check.name));
        let began = Instant::now();
        check.run(root, args.every_feature).with_context(|| check.name)?;
        times.push(format!("{:6.0} s  {}", began.elapsed().as_secs_f64(), check.name));
    }
    ensure!(!times.is_empty(), "no check's name contains {:?}", args.only.as_deref().unwrap_or_default());
    say(&format!("\n{}", times.join("\n")));
    Ok(())
}

impl Check {
    fn run(&self, root: &Path, every_feature: bool) -> Result<()> {
        let Cargo(variables, words) = self.action else { return tidy::run(root) };
        cargo(root, variables, &words.replace(FEATURES, if every_feature { EVERY_FEATURE } else { "" }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_has_a_name_of_its_own_and_only_locked_versions() {
        for (i, check) in CHECKS.iter().enumerate() {
            assert!(CHECKS[..i].iter().all(|other| other.name != check.name), "{}", check.name);
            if let Cargo(_, words) = check.action {
                assert!(words.starts_with("fmt ") || words.contains(" --locked"), "{words}");
            }
        }
    }
}
