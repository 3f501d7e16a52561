//! Which crate may use which, and how much it may bring along.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::command::output;

/// What each crate may use of this project and of Burn. An arrow that is not here points the wrong way.
const ARROWS: [(&str, &[&str]); 13] = [
    ("prepare", &[]),
    // The images of one's own that it imports.
    ("dataset", &["prepare"]),
    ("kernels", &[]),
    ("run_files", &[]),
    // Its forward pass on slices, and what it reads in images of any kind.
    ("network", &["kernels", "prepare"]),
    // On a GPU it has kernels of its own.
    ("ops", &["burn", "burn-cubecl", "kernels"]),
    ("model", &["burn", "network", "ops"]),
    ("learner", &["burn", "dataset", "model", "network", "ops", "run_files"]),
    // The page is made from what a run's directory holds, whoever trained it.
    ("report", &["run_files"]),
    ("web", &["network", "prepare"]),
    // It reads with a network on slices, so that no server brings Burn.
    ("serve", &["dataset", "network", "prepare", "web"]),
    ("cli", &["burn", "dataset", "learner", "model", "network", "prepare", "report", "run_files", "serve"]),
    // Burn would make `cargo xtask download-data` a matter of minutes.
    ("xtask", &["dataset", "web"]),
];
/// What the workspace must never compile without a feature: GPU stacks, HTTP servers, terminal interfaces,
/// async runtimes, message passing, browsers.
const HEAVY: [&str; 15] = [
    "wgpu",
    "naga",
    "cubecl",
    "ash",
    "hyper",
    "axum",
    "actix-web",
    "reqwest",
    "ratatui",
    "crossterm",
    "tokio",
    "async-std",
    "mpi",
    "web-sys",
    "wasm-bindgen",
];
/// Crates that a browser has to be able to load, with the number of crates that they may bring: they stay small, and
/// know no Burn. Half of network's are those of kernels, with which it predicts.
const LIGHT: [(&str, usize); 5] =
    [("kernels", 25), ("network", 45), ("prepare", 10), ("run_files", 25), ("web", 50)];

/// What `cargo metadata` and `cargo tree` say against the rules.
pub(super) fn problems(root: &Path) -> Result<Vec<String>> {
    let metadata = output(root, "cargo", &["metadata", "--no-deps", "--format-version", "1"])?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let packages = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
    let mut problems = wrong_arrows(packages);
    // With what tests use: `cargo test --workspace` is a documented command.
    problems.extend(heavy(&tree(root, &["--workspace", "--edges", "normal,build,dev"])?));
    for (name, most) in LIGHT {
        if packages.iter().any(|package| package["name"] == name) {
            problems.extend(not_light(
                name,
                most,
                &tree(root, &["--package", name, "--edges", "normal,build"])?,
            ));
        }
    }
    Ok(problems)
}

/// A line `name vVERSION` for each crate that is compiled.
fn tree(root: &Path, which: &[&str]) -> Result<String> {
    output(root, "cargo", &[&["tree", "--prefix", "none", "--format", "{p}"], which].concat())
}

fn wrong_arrows(packages: &[Value]) -> Vec<String> {
    let mut problems = Vec::new();
    for package in packages {
        let name = package["name"].as_str().unwrap_or_default();
        let Some((_, allowed)) = ARROWS.iter().find(|(crate_name, _)| *crate_name == name) else {
            problems.push(format!("{name}: a crate that tidy's ARROWS do not know"));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let used = dependency["name"].as_str().unwrap_or_default();
            let is_ours = is_burn(used) || dependency["path"].is_string();
            // A crate whose tests need a feature of itself names itself as their dependency.
            if is_ours && used != name && !allowed.contains(&used) {
                problems.push(format!("{name} -> {used}: this arrow points the wrong way"));
            }
        }
    }
    problems
}

fn is_burn(name: &str) -> bool {
    name == "burn" || name.starts_with("burn-")
}

fn heavy(tree: &str) -> BTreeSet<String> {
    let names = tree.lines().filter_map(|line| line.split(' ').next());
    names
        .filter(|name| HEAVY.contains(name))
        .map(|name| format!("the workspace compiles {name}: put it behind a feature that is off"))
        .collect()
}

fn not_light(name: &str, most: usize, tree: &str) -> Vec<String> {
    let crates: BTreeSet<&str> = tree.lines().map(|line| line.trim_end_matches(" (*)")).collect();
    let mut problems = Vec::new();
    if crates.len() > most {
        problems.push(format!("{name}: {} crates, expected at most {most}", crates.len()));
    }
    let burn = crates.iter().filter_map(|line| line.split(' ').next()).filter(|name| is_burn(name));
    problems.extend(burn.map(|burn| format!("{name}: brings {burn}, and has to do without Burn")));
    problems
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn arrows_point_as_drawn() {
        let package = |name: &str, used: &[&str]| {
            let dependencies: Vec<Value> =
                used.iter().map(|used| json!({"name": used, "path": "x"})).collect();
            json!({"name": name, "dependencies": dependencies})
        };
        let problems = |name: &str, used: &[&str]| wrong_arrows(&[package(name, used)]).len();
        assert_eq!(problems("learner", &["burn", "dataset", "model"]), 0);
        assert_eq!(problems("learner", &["report"]), 1);
        assert_eq!(problems("report", &["learner", "burn"]), 2);
        assert_eq!(problems("kernels", &["burn-ndarray"]), 1);
        assert_eq!(problems("ops", &["network"]), 1);
        assert_eq!(problems("cli", &["ops"]), 1);
        assert_eq!(problems("game", &[]), 1);
        let foreign = json!({"name": "report", "dependencies": [{"name": "serde", "path": null}]});
        assert_eq!(wrong_arrows(&[foreign]).len(), 0);
    }

    #[test]
    fn heavy_crates_are_named_once() {
        assert_eq!(heavy("cli v0.1.0\nserde v1.0.0\n").len(), 0);
        assert_eq!(heavy("cli v0.1.0\nwgpu v29.0.0\nwgpu v29.0.0 (*)\ntokio v1.0.0\n").len(), 2);
    }

    #[test]
    fn light_crates_stay_light() {
        let lines = |n: usize| (0..n).map(|i| format!("crate-{i} v1.0.0\n")).collect::<String>();
        assert_eq!(not_light("network", 24, &lines(24)).len(), 0);
        assert_eq!(not_light("network", 24, &(lines(24) + "crate-3 v1.0.0 (*)\n")).len(), 0);
        assert_eq!(not_light("network", 24, &lines(25)).len(), 1);
        assert_eq!(not_light("network", 24, "network v0.1.0\nburn-tensor v0.22.1\n").len(), 1);
    }
}
