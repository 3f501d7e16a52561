//! Tests the configurations that come with the project.

use std::fs;
use std::path::{Path, PathBuf};

use dataset::Description;
use learner::config::{parse, to_toml};
use learner::random::{Stream, generator};
use learner::sweep::{Plan, Space};
use model::device::{Backend, open};
use model::{Cnn, input};

use crate::program::Sandbox;

fn configs() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    // A sweep names a configuration and is none itself.
    files.filter(|file| file.file_name().unwrap() != "sweep.toml").collect()
}

#[test]
fn the_sweep_has_trials_that_can_all_be_trained() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs/sweep.toml");
    let space = Space::parse("sweep.toml", &fs::read_to_string(&file).unwrap()).unwrap();
    let base = file.with_file_name(space.config.as_ref().unwrap());
    let base = parse("base", &fs::read_to_string(base).unwrap(), &[]).unwrap();
    let plan = Plan::new(space, base, &Description::in_catalog).unwrap();
    assert_eq!((plan.trials().len(), plan.keys().count()), (20, 3));
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
fn each_networks_layers_fit_each_other() {
    for path in configs() {
        let name = path.display().to_string();
        let summary = Sandbox::new().run(&["summary", "--config", &name]).done().stdout;
        let total: Vec<&str> =
            summary.lines().find(|line| line.starts_with("total")).unwrap().split_whitespace().collect();
        let expected = match path.file_name().unwrap().to_str().unwrap() {
            "default.toml" => ["total", "83,466", "10,693,760"],
            "one-epoch.toml" => ["total", "215,194", "1,244,160"],
            "real.toml" => ["total", "78,074", "11,885,440"],
            "fashion.toml" => ["total", "242,250", "7,599,872"],
            "deep.toml" => ["total", "326,410", "15,162,752"],
            other => panic!("the sums of {other} are not known here"),
        };
        assert_eq!(total, expected, "{name}");
        let config = parse(&name, &fs::read_to_string(&path).unwrap(), &[]).unwrap();
        let cpu = *Backend::COMPILED.iter().find(|backend| **backend != Backend::Wgpu).unwrap();
        let device = open(Some(cpu)).unwrap().device;
        let weights = config.architecture().initial_tensors(&mut generator(1, Stream::Weights, 0, 0));
        let cnn = Cnn::new(config.architecture(), &weights, &device).unwrap();
        let images = input::to_input(&[100; 2 * 784], 2, 28, 28, &device);
        assert_eq!(cnn.forward(images).dims(), [2, 10], "{name}");
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
    // Without a change that differs from its default, the table `[augment]` is not printed.
    let config = parse("", "", &["augment.flip=true".to_owned()]).unwrap();
    for line in to_toml(&config).unwrap().lines().filter(|line| line.contains(" = ")) {
        let key = line.split(" = ").next().unwrap();
        let explained = text.lines().any(|line| line.starts_with(&format!("{key} = ")) && line.contains('#'));
        assert!(explained, "{key}");
    }
}
