//! What has to pass before a change is taken: the one list of checks, which `.ci/run` goes through as well.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use crate::command::{cargo, say};
use crate::tidy;

/// Which checks run.
#[derive(Debug, clap::Args)]
pub(crate) struct CiArgs {
    /// Also run the checks that compile Burn for other backends and features, the fuzz targets and candle's
    /// program. They need a Vulkan driver; Mesa's software driver will do.
    #[arg(long)]
    every_feature: bool,
    /// Only the checks whose names contain this.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
}

/// A check, under the name that it is chosen by.
struct Check {
    name: &'static str,
    does: Does,
    /// Whether it is left out without `--every-feature`.
    is_long: bool,
}

enum Does {
    Tidy,
    /// Variables of the environment, and the words after `cargo`, which spaces divide.
    Cargo(&'static [(&'static str, &'static str)], &'static str),
}

use Does::{Cargo, Tidy};

/// Stands in the words of a check for the features that `--every-feature` adds.
const FEATURES: &str = "FEATURES";
const EVERY_FEATURE: &str = "--features cli/flex,cli/wgpu,cli/fault-injection,cli/serve";

const CHECKS: [Check; 14] = [
    short("format", Cargo(&[], "fmt --all --check")),
    short("format of the fuzz targets", Cargo(&[], "fmt --manifest-path fuzz/Cargo.toml --check")),
    short(
        "format of candle's program",
        Cargo(&[], "fmt --manifest-path xtask/bench/candle/Cargo.toml --check"),
    ),
    short("rules", Tidy),
    // First of all that compile Burn: the checks below take over what it has compiled.
    short("the README's test command", Cargo(&[], "test --workspace --locked")),
    long("the server", Cargo(&[], "test --locked -p serve --features server")),
    // Together these four packages need burn-ndarray with the same features as the whole workspace, so it is
    // not compiled again. With fewer of them it would be.
    long(
        "both CPU backends: the kernels on each, one against the other, and the program's tests on flex and as a server",
        Cargo(
            &[("MNIST_CNN_TEST_BACKEND", "flex")],
            "test --locked -p cli -p learner -p model -p ops --no-default-features --features cli/ndarray,cli/flex,cli/serve",
        ),
    ),
    // From here on dependencies are checked but not compiled to machine code, except for the last check.
    long(
        "flex alone",
        Cargo(&[], "check --locked -p cli --all-targets --no-default-features --features flex"),
    ),
    short("clippy", Cargo(&[], "clippy --locked --workspace --all-targets FEATURES -- -D warnings")),
    // With the features of the check before, cargo finds the dependencies' metadata there already.
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
    // Optimising the graphics stack would take many minutes, which these few tests never win back.
    long(
        "wgpu, against ndarray",
        Cargo(
            &[("CUBECL_AUTOTUNE_LEVEL", "minimal")],
            "test --locked -p ops -p learner -p cli --no-default-features --features cli/wgpu,cli/ndarray --config profile.dev.package.\"*\".opt-level=0 --config profile.dev.package.burn-ndarray.opt-level=0 -- wgpu",
        ),
    ),
];

const fn short(name: &'static str, does: Does) -> Check {
    Check { name, does, is_long: false }
}

const fn long(name: &'static str, does: Does) -> Check {
    Check { name, does, is_long: true }
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
        let Cargo(variables, words) = self.does else { return tidy::run(root) };
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
            if let Cargo(_, words) = check.does {
                assert!(words.starts_with("fmt ") || words.contains(" --locked"), "{words}");
            }
        }
    }
}
