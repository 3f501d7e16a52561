//! The rules of ARCHITECTURE.md that a program can check.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::command::{output, say};

/// What each crate may use. An arrow that is not here points the wrong way.
const ARROWS: [(&str, &[&str]); 8] = [
    ("dataset", &[]),
    ("ops", &["burn"]),
    ("model", &["burn", "ops"]),
    // Who writes a file of a run and who reads it share its type, and nothing else.
    ("run_files", &[]),
    ("learner", &["burn", "dataset", "model", "run_files"]),
    // The page is made from what a run's directory holds, whoever trained it.
    ("report", &["run_files"]),
    ("cli", &["burn", "dataset", "learner", "model", "report", "run_files"]),
    // Burn would make `cargo xtask download-data` a matter of minutes.
    ("xtask", &["dataset"]),
];
/// What `cargo build -p cli` must never compile: GPU stacks, HTTP servers, terminal interfaces, async runtimes.
const HEAVY: [&str; 12] = [
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
];
const LONGEST_FILE: usize = 350;
/// Where results and progress are written; libraries send events instead.
const PRINTING: [&str; 2] = ["crates/cli", "xtask"];
const NEVER: [&str; 4] = ["todo!(", "unimplemented!(", "dbg!(", "#[ignore"];
const PRINTS: [&str; 4] = ["println!(", "eprintln!(", "print!(", "eprint!("];
/// Names that say nothing of what is inside.
const EMPTY_NAMES: [&str; 4] = ["utils", "util", "common", "helpers"];

pub(crate) fn run(root: &Path) -> Result<()> {
    let mut problems = wrong_arrows(root)?;
    problems.extend(heavy_dependencies(root)?);
    let files = tracked_rust_files(root)?;
    for file in &files {
        let text = fs::read_to_string(root.join(file)).with_context(|| file.display().to_string())?;
        problems.extend(check_file(file, &text));
    }
    for problem in &problems {
        say(problem);
    }
    if !problems.is_empty() {
        bail!("tidy found {} problems", problems.len());
    }
    say(&format!("tidy: {} files keep the rules", files.len()));
    Ok(())
}

fn wrong_arrows(root: &Path) -> Result<Vec<String>> {
    let metadata = output(root, "cargo", &["metadata", "--no-deps", "--format-version", "1"])?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let packages = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
    let mut problems = Vec::new();
    for package in packages {
        let name = package["name"].as_str().unwrap_or_default();
        let Some((_, allowed)) = ARROWS.iter().find(|(crate_name, _)| *crate_name == name) else {
            problems.push(format!("{name}: a crate that tidy's ARROWS do not know"));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let used = dependency["name"].as_str().unwrap_or_default();
            let is_ours = used == "burn" || used.starts_with("burn-") || dependency["path"].is_string();
            if is_ours && !allowed.contains(&used) {
                problems.push(format!("{name} -> {used}: this arrow points the wrong way"));
            }
        }
    }
    Ok(problems)
}

fn heavy_dependencies(root: &Path) -> Result<Vec<String>> {
    let tree = ["tree", "-p", "cli", "--edges", "normal,build", "--prefix", "none", "--format", "{p}"];
    let tree = output(root, "cargo", &tree)?;
    let names = tree.lines().filter_map(|line| line.split(' ').next());
    let heavy: BTreeSet<&str> = names.filter(|name| HEAVY.contains(name)).collect();
    Ok(heavy
        .into_iter()
        .map(|name| format!("cargo build -p cli compiles {name}: put it behind a feature"))
        .collect())
}

fn tracked_rust_files(root: &Path) -> Result<Vec<PathBuf>> {
    let list = output(root, "git", &["ls-files", "--cached", "--others", "--exclude-standard", "*.rs"])?;
    Ok(list.lines().map(PathBuf::from).filter(|file| root.join(file).is_file()).collect())
}

/// The rules that one file can break by itself.
fn check_file(file: &Path, text: &str) -> Vec<String> {
    let name = file.display();
    let mut problems = Vec::new();
    let lines = text.lines().count();
    if lines > LONGEST_FILE {
        problems.push(format!("{name}: {lines} lines, at most {LONGEST_FILE} are read with ease"));
    }
    if file.file_stem().is_some_and(|stem| EMPTY_NAMES.iter().any(|empty| stem == *empty)) {
        problems.push(format!("{name}: a name that does not say what is inside"));
    }
    if !text.starts_with("//!") {
        problems.push(format!("{name}: no sentence at the top (//!) that says what the file is for"));
    }
    if file.ends_with("xtask/src/tidy.rs") {
        return problems;
    }
    let may_print = PRINTING.iter().any(|crate_name| file.starts_with(crate_name));
    let prints: &[&str] = if may_print { &[] } else { &PRINTS };
    for (number, line) in text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        for word in NEVER.iter().chain(prints).filter(|word| contains_word(code, word)) {
            problems.push(format!("{name}:{}: {word}...", number + 1));
        }
        if contains_word(code, "unsafe ") && !file.starts_with("crates/ops") {
            problems.push(format!("{name}:{}: unsafe code lives in crates/ops alone", number + 1));
        }
    }
    problems
}

/// Whether `word` stands in `code` and not as the end of a longer name.
fn contains_word(code: &str, word: &str) -> bool {
    code.match_indices(word).any(|(at, _)| {
        !code[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_' || before == '"')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(file: &str, text: &str) -> usize {
        check_file(Path::new(file), text).len()
    }

    #[test]
    fn each_rule_can_be_broken() {
        assert_eq!(problems("crates/model/src/a.rs", "//! A.\nfn a() {}\n"), 0);
        assert_eq!(problems("crates/model/src/a.rs", "fn a() {}\n"), 1);
        assert_eq!(problems("crates/model/src/utils.rs", "//! A.\n"), 1);
        assert_eq!(problems("crates/model/src/a.rs", &format!("//! A.\n{}", "\n".repeat(350))), 1);
        assert_eq!(problems("crates/model/src/a.rs", "//! A.\nfn a() { println!(); }\n"), 1);
        assert_eq!(problems("crates/cli/src/a.rs", "//! A.\nfn a() { println!(); }\n"), 0);
        assert_eq!(problems("crates/cli/src/a.rs", "//! A.\nfn a() { todo!() }\n"), 1);
        assert_eq!(problems("crates/model/src/a.rs", "//! A.\nunsafe fn a() {}\n"), 1);
        assert_eq!(problems("crates/ops/src/a.rs", "//! A.\nunsafe fn a() {}\n"), 0);
    }
}
