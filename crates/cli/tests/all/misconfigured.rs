//! Tests configurations that cannot be used: the error says what to write, and nothing is begun.

use std::fs;

use crate::program::{ProgramOutput, Sandbox};

/// What `train` says to a configuration file of these bytes, after it has made nothing.
fn train(bytes: &[u8]) -> ProgramOutput {
    let sandbox = Sandbox::new();
    fs::write(sandbox.path().join("my.toml"), bytes).unwrap();
    let ended = sandbox.run(&["train", "--config", "my.toml"]);
    assert_eq!(fs::read_dir(sandbox.path()).unwrap().count(), 1, "only the configuration is there");
    ended
}

#[test]
fn a_wrong_value_is_refused_in_the_words_of_its_key() {
    let says = ["my.toml:2:10: train.epochs = 0: expected a whole number of at least 1\n"];
    train(b"[train]\nepochs = 0\n").fails(2, &says);
    let says = ["my.toml:2:17: train.learning_rate = .001: expected a number; write 0.001\n"];
    train(b"[train]\nlearning_rate = .001\n").fails(2, &says);
    let sandbox = Sandbox::new();
    sandbox
        .run(&["train", "--set", "train.learning_rate=.001"])
        .fails(2, &["the assignment train.learning_rate=.001: expected a number; write 0.001\n"]);
}

#[test]
fn a_seed_that_could_not_be_resumed_is_refused_as_it_is_read() {
    let says = ["my.toml:2:8: train.seed = 9223372036854775808: \
         expected a whole number from 0 to 9223372036854775807\n"];
    train(b"[train]\nseed = 9223372036854775808\n").fails(2, &says);
}

#[test]
fn a_number_that_single_precision_cannot_hold_is_refused() {
    train(b"[train]\nepsilon = 1e-50\n").fails(2, &["train.epsilon = 1e-50: expected", "single precision"]);
    let says = ["train.beta_1 = 0.999999999: expected", "at most 0.99999994"];
    train(b"[train]\nbeta_1 = 0.999999999\n").fails(2, &says);
}

#[test]
fn a_file_of_powershell_is_read_and_other_bytes_are_named() {
    let sandbox = Sandbox::new();
    let text = "\u{feff}[train]\r\nepochs = 7\r\n";
    let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(sandbox.path().join("win.toml"), bytes).unwrap();
    let printed = sandbox.run(&["train", "--config", "win.toml", "--print-config"]).done().stdout;
    assert!(printed.contains("\nepochs = 7\n"), "{printed}");
    train(b"\x89PNG\r\n").fails(2, &["my.toml: found the byte 0x89 at position 0, expected a text in UTF-8"]);
}

#[test]
fn a_misspelt_vector_level_is_refused_with_those_of_this_processor() {
    let sandbox = Sandbox::new();
    for arguments in
        [["train", "--set", "data.dataset=sample"], ["bench", "--set", "data.dataset=sample"]].map(Vec::from)
    {
        let ended = sandbox.command(&arguments).env("MNIST_CNN_SIMD", "avx3").output().unwrap();
        ProgramOutput::new(ended)
            .fails(2, &["MNIST_CNN_SIMD = avx3: expected one of portable", "which this processor has"]);
    }
    assert!(!sandbox.path().join("runs/run-1").exists());
}

#[test]
fn an_empty_vector_level_is_none() {
    let sandbox = Sandbox::new();
    let sets = crate::program::SMALL.iter().flat_map(|assignment| ["--set", assignment]);
    let more = ["-p", "tmp", "--set", "train.epochs=1", "--set", "data.train_limit=40"];
    let arguments: Vec<&str> = ["train"].into_iter().chain(sets).chain(more).collect();
    ProgramOutput::new(sandbox.command(&arguments).env("MNIST_CNN_SIMD", "").output().unwrap()).done();
}
