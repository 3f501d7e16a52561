//! What goes wrong is said in words, with an exit code, and nothing is overwritten.

use std::fs;

use crate::program::Desk;

#[test]
fn a_misspelt_key_is_named_with_line_column_and_the_nearest_one() {
    let desk = Desk::new();
    fs::write(desk.path().join("my.toml"), "[train]\nseed = 2\nlearning_rat = 0.1\n").unwrap();
    desk.run(&["train", "--config", "my.toml"])
        .fails(2, &["my.toml:3:1: unknown field `learning_rat`", "did you mean `learning_rate`?"]);
    desk.run(&["train", "--set", "train.epoch=1"])
        .fails(2, &["--set train.epoch=1", "did you mean `epochs`?"]);
    desk.run(&["summary", "--set", "model.units.0.pool_size=99"]).fails(2, &["model.units[0]", "99x99"]);
    desk.run(&["train", "--config", "none.toml"]).fails(2, &["none.toml", "expected a configuration file"]);
    assert!(!desk.path().join("runs").exists());
}

#[test]
fn wrong_usage_ends_with_2() {
    let desk = Desk::new();
    assert_eq!(desk.run(&["trian"]).code, 2);
    assert_eq!(desk.run(&["train", "--backend", "abacus"]).code, 2);
    assert_eq!(desk.run(&[]).code, 2);
    assert_eq!(desk.run(&["--help"]).done().code, 0);
}

#[test]
fn a_run_is_never_overwritten() {
    let desk = Desk::new();
    fs::create_dir(desk.path().join("tmp")).unwrap();
    fs::write(desk.path().join("tmp/thesis.txt"), "years of work").unwrap();
    desk.train(&["-p", "tmp"]).fails(2, &["tmp is already there and is not overwritten"]);
    assert_eq!(fs::read_dir(desk.path().join("tmp")).unwrap().count(), 1);
}

#[test]
fn a_missing_model_says_which_command_makes_one() {
    let desk = Desk::new();
    let command = "train one: cargo run -p cli -- train --config configs/default.toml";
    desk.run(&["test"]).fails(3, &["holds no finished epoch", command]);
    desk.run(&["test", "-p", "tmp"]).fails(3, &["tmp holds no run", command]);
}

#[test]
fn damaged_weights_are_refused() {
    let desk = Desk::new();
    desk.train(&["-p", "tmp", "--set", "train.epochs=1", "--set", "data.train_limit=40"]).done();
    let path = desk.best("tmp").join("weights.safetensors");
    let mut bytes = fs::read(&path).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let says = ["none of its 1 checkpoints", "weights.safetensors", "found SHA-256", "expected", "damaged"];
    desk.run(&["test", "-p", "tmp"]).fails(3, &says);
    desk.run(&["train", "--resume", "-p", "tmp"]).fails(3, &says[..2]);
    fs::write(desk.best("tmp").join("MANIFEST"), "").unwrap();
    desk.run(&["test", "-p", "tmp"]).fails(3, &["MANIFEST", "damaged"]);
}

#[test]
fn weights_of_another_network_are_refused() {
    let desk = Desk::new();
    desk.train(&["-p", "tmp", "--set", "train.epochs=1", "--set", "data.train_limit=40"]).done();
    let config = desk.path().join("tmp/config.toml");
    let text = fs::read_to_string(&config).unwrap().replace("filters = 8", "filters = 9");
    fs::write(&config, text).unwrap();
    desk.run(&["test", "-p", "tmp"]).fails(
        3,
        &[
            "the model in tmp/checkpoints/step-",
            "units.0.conv.weight has shape [8, 1, 3, 3], expected [9, 1, 3, 3]",
        ],
    );
}

#[test]
fn a_checkpoint_of_another_network_is_not_gone_on_with() {
    let desk = Desk::new();
    desk.train(&["-p", "tmp", "--set", "train.epochs=1", "--set", "data.train_limit=40"]).done();
    let config = desk.path().join("tmp/config.toml");
    let text = fs::read_to_string(&config).unwrap().replace("filters = 8", "filters = 9");
    fs::write(&config, text).unwrap();
    desk.run(&["train", "--resume", "-p", "tmp"])
        .fails(3, &["tmp cannot be resumed", "units.0.conv.weight has shape [8, 1, 3, 3]"]);
}

#[test]
fn data_that_cannot_be_had_says_how_to_bring_it_by_hand() {
    let desk = Desk::new();
    fs::create_dir(desk.path().join("empty")).unwrap();
    desk.run(&["data", "download", "--from", "empty", "--data-dir", "d"]).fails(
        3,
        &[
            "MNIST could not be fetched; tried:",
            "empty: empty holds neither train-images-idx3-ubyte",
            "\n  to bring it by hand, put train-images-idx3-ubyte, ",
            " into a folder and type: mnist-cnn data download --dataset mnist --data-dir d --from FOLDER\n",
        ],
    );
    assert!(!desk.path().join("d").exists());
}

#[test]
fn damaged_data_is_refused_with_path_found_and_expected() {
    let desk = Desk::new();
    let folder = desk.path().join("d/mnist");
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
        "error: d/mnist/train-images-idx3-ubyte: found 13 bytes, expected 47040016\n",
        &format!("\n  delete the file, or replace it with: {command}\n"),
    ];
    desk.run(&["train", "--data-dir", "d", "-p", "tmp"]).fails(3, &says);
    desk.run(&["show", "--data-dir", "d"]).fails(3, &says);
    let verified = desk.run(&["data", "verify", "--data-dir", "d"]);
    assert_eq!(verified.code, 3);
    assert_eq!(verified.stdout.matches("found 13 bytes").count(), 4, "{}", verified.stdout);
    let hint = format!("\n  bring the files again with: {command}\n");
    assert!(verified.stderr.ends_with(&hint), "{}", verified.stderr);
    assert!(!desk.path().join("tmp").exists());
}

#[test]
fn a_network_that_diverges_ends_with_1_and_says_where() {
    let desk = Desk::new();
    let ended =
        desk.train(&["-p", "tmp", "--set", "train.optimizer=sgd", "--set", "train.learning_rate=1e30"]);
    ended.fails(1, &["there is no model yet", "at step ", "learning rate"]);
}
