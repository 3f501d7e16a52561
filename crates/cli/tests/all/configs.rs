//! Tests the configurations that come with the project.

use std::fs;
use std::path::{Path, PathBuf};

use learner::config::{parse, to_toml};

use crate::program::Sandbox;

fn configs() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs");
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn each_is_valid_and_prints_as_what_would_run() {
    assert!(!configs().is_empty());
    for path in configs() {
        let name = path.display().to_string();
        let config = parse(&name, &fs::read_to_string(&path).unwrap(), &[]).unwrap();
        let printed = Sandbox::new().run(&["train", "--config", &name, "--print-config"]).done().stdout;
        assert_eq!(parse("printed", &printed, &[]).unwrap(), config, "{name}");
    }
}

#[test]
fn the_default_file_says_what_happens_without_a_file() {
    let text =
        fs::read_to_string(configs().iter().find(|path| path.ends_with("default.toml")).unwrap()).unwrap();
    let without = parse("", "", &[]).unwrap();
    assert_eq!(to_toml(&parse("default.toml", &text, &[]).unwrap()).unwrap(), to_toml(&without).unwrap());
}

#[test]
fn every_key_of_the_default_file_has_its_reason_beside_it_or_above() {
    let text =
        fs::read_to_string(configs().iter().find(|path| path.ends_with("default.toml")).unwrap()).unwrap();
    let config = parse("", "", &[]).unwrap();
    for line in to_toml(&config).unwrap().lines().filter(|line| line.contains(" = ")) {
        let key = line.split(" = ").next().unwrap();
        let explained = text.lines().any(|line| line.starts_with(&format!("{key} = ")) && line.contains('#'));
        assert!(explained, "{key}");
    }
}
