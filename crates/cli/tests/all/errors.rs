//! Tests that errors are explained, end with the right exit code, and overwrite nothing.

use std::fs;

use crate::program::Sandbox;

#[test]
fn a_misspelt_key_is_named_with_line_column_and_the_nearest_one() {
    let sandbox = Sandbox::new();
    fs::write(sandbox.path().join("my.toml"), "[train]\nseed = 2\nlearning_rat = 0.1\n").unwrap();
    sandbox
        .run(&["train", "--config", "my.toml"])
        .fails(2, &["my.toml:3:1: unknown key `learning_rat`", "did you mean `learning_rate`?"]);
    sandbox
        .run(&["train", "--set", "train.epoch=1"])
        .fails(2, &["the assignment train.epoch=1: unknown key `epoch`", "did you mean `epochs`?"]);
    sandbox.run(&["summary", "--set", "model.units.0.pool_size=99"]).fails(2, &["model.units[0]", "99x99"]);
    sandbox
        .run(&["train", "--config", "none.toml"])
        .fails(2, &["none.toml", "expected a configuration file"]);
    assert!(!sandbox.path().join("runs").exists());
}

#[test]
fn wrong_usage_ends_with_2() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.run(&["trian"]).code, 2);
    assert_eq!(sandbox.run(&["train", "--backend", "abacus"]).code, 2);
    assert_eq!(sandbox.run(&[]).code, 2);
    assert_eq!(sandbox.run(&["--help"]).done().code, 0);
}

#[test]
fn a_run_is_never_overwritten() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path().join("tmp")).unwrap();
    fs::write(sandbox.path().join("tmp/thesis.txt"), "years of work").unwrap();
    sandbox.train(&["-p", "tmp"]).fails(2, &["tmp is already there and is not overwritten"]);
    assert_eq!(fs::read_dir(sandbox.path().join("tmp")).unwrap().count(), 1);
}

#[test]
fn a_missing_model_says_which_command_makes_one() {
    let sandbox = Sandbox::new();
    let says = ["holds no finished epoch", "\n  train one with: mnist-cnn train\n"];
    sandbox.run(&["test"]).fails(3, &says);
    let says = ["tmp holds no run", "\n  train one with: mnist-cnn train -p tmp\n"];
    sandbox.run(&["test", "-p", "tmp"]).fails(3, &says);
}

#[test]
fn damaged_weights_are_refused() {
    let sandbox = Sandbox::new();
    sandbox.train(&["-p", "tmp", "--set", "train.epochs=1", "--set", "data.train_limit=40"]).done();
    let path = sandbox.best("tmp").join("weights.safetensors");
    let mut bytes = fs::read(&path).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let says = ["none of its 1 checkpoints", "weights.safetensors", "found SHA-256", "expected", "damaged"];
    sandbox.run(&["test", "-p", "tmp"]).fails(3, &says);
    sandbox.run(&["train", "--resume", "-p", "tmp"]).fails(3, &says[..2]);
    fs::write(sandbox.best("tmp").join("MANIFEST"), "").unwrap();
    sandbox.run(&["test", "-p", "tmp"]).fails(3, &["MANIFEST", "damaged"]);
}

#[test]
fn weights_of_another_network_are_refused() {
    let sandbox = Sandbox::new();
    sandbox.train(&["-p", "tmp", "--set", "train.epochs=1", "--set", "data.train_limit=40"]).done();
    let config = sandbox.path().join("tmp/config.toml");
    let text = fs::read_to_string(&config).unwrap().replace("filters = 8", "filters = 9");
    fs::write(&config, text).unwrap();
    sandbox.run(&["test", "-p", "tmp"]).fails(
        3,
        &[
            "the model in tmp/checkpoints/step-",
            "units.0.conv.weight has shape [8, 1, 3, 3], expected [9, 1, 3, 3]",
        ],
    );
}

#[test]
fn a_checkpoint_of_another_network_is_not_resumed() {
    let sandbox = Sandbox::new();
    sandbox.train(&["-p", "tmp", "--set", "train.epochs=1", "--set", "data.train_limit=40"]).done();
    let config = sandbox.path().join("tmp/config.toml");
    let text = fs::read_to_string(&config).unwrap().replace("filters = 8", "filters = 9");
    fs::write(&config, text).unwrap();
    sandbox
        .run(&["train", "--resume", "-p", "tmp"])
        .fails(3, &["tmp cannot be resumed", "units.0.conv.weight has shape [8, 1, 3, 3]"]);
}

#[test]
fn data_that_cannot_be_fetched_says_how_to_add_it_by_hand() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path().join("empty")).unwrap();
    sandbox.run(&["data", "download", "--from", "empty", "--data-dir", "d"]).fails(
        3,
        &[
            "MNIST could not be fetched; tried:",
            "\n  empty: 4 files are not there, by name or by content\n",
            "\n  to add them by hand, put train-images-idx3-ubyte, ",
            " into a folder, packed with gzip or not, and type: mnist-cnn data download --dataset mnist --data-dir d --from FOLDER\n",
        ],
    );
    assert!(!sandbox.path().join("d").exists());
}

#[test]
fn damaged_data_is_refused_with_path_found_and_expected() {
    let sandbox = Sandbox::new();
    let folder = sandbox.path().join("d/mnist");
    fs::create_dir_all(&folder).unwrap();
    for name in [
        "train-images-idx3-ubyte",
        "train-labels-idx1-ubyte",
        "t10k-images-idx3-ubyte",
        "t10k-labels-idx1-ubyte",
    ] {
        fs::write(folder.join(name), b"not an image").unwrap();
    }
    let command = "mnist-cnn data download --dataset mnist --data-dir d --force";
    let says = [
        "error: d/mnist/train-images-idx3-ubyte: found 12 bytes, expected 47040016\n",
        &format!("\n  delete the file, or replace it with: {command}\n"),
    ];
    sandbox.run(&["train", "--data-dir", "d", "-p", "tmp"]).fails(3, &says);
    sandbox.run(&["show", "--data-dir", "d"]).fails(3, &says);
    let verified = sandbox.run(&["data", "verify", "--data-dir", "d"]);
    assert_eq!(verified.code, 3);
    assert_eq!(verified.stdout.matches("found 12 bytes").count(), 4, "{}", verified.stdout);
    let hint = format!("\n  download the files again with: {command}\n");
    // The files have been named, each with what is wrong, so the error only counts them.
    let counted = format!("error: MNIST in d is not whole: 4 of 4 files wrong{hint}");
    assert_eq!(verified.stderr, counted);
    assert!(!sandbox.path().join("tmp").exists());
}

#[test]
fn a_network_that_diverges_ends_with_1_and_says_where() {
    let sandbox = Sandbox::new();
    let ended =
        sandbox.train(&["-p", "tmp", "--set", "train.optimizer=sgd", "--set", "train.learning_rate=1e30"]);
    ended.fails(1, &["there is no model yet", "at step ", "learning rate"]);
}
