//! Tests `export` and `import`: what leaves comes back with the same bits, and nothing is overwritten or guessed.

use std::fs;

use crate::program::Sandbox;

/// A short run of the small network with a normalized hidden layer.
const SHORT: [&str; 6] =
    ["--set", "train.epochs=1", "--set", "model.dense=[20]", "--set", "model.dense_normalization=batch"];

impl Sandbox {
    fn bytes(&self, file: &str) -> Vec<u8> {
        fs::read(self.path().join(file)).unwrap()
    }

    fn sha256(&self, run: &str) -> String {
        self.json(&format!("{run}/validation.json"))["weights_sha256"].as_str().unwrap().to_owned()
    }
}

#[test]
fn an_exported_model_is_imported_with_the_same_bits() {
    let sandbox = Sandbox::new();
    sandbox.train(&[&SHORT[..], &["-p", "run"]].concat()).done();
    let said = sandbox.run(&["export", "-p", "run", "-o", "m.safetensors"]).done().stdout;
    let sha256 = sandbox.sha256("run");
    for words in ["m.safetensors (safetensors", &sha256, "images [n, 1, 28, 28]", "logits [n, 10]", "0, 1, 2"]
    {
        assert!(said.contains(words), "{words}: {said}");
    }
    let import = ["import", "m.safetensors", "--config", "run/config.toml", "-p", "back"];
    let said = sandbox.run(&import).done();
    assert!(said.stdout.contains("as PyTorch has them") && said.stdout.contains(&sha256), "{}", said.stdout);
    assert_eq!(sandbox.sha256("back"), sha256);
    assert_eq!(sandbox.json("back/thresholds.json"), sandbox.json("run/thresholds.json"));
    let imported = &sandbox.json("back/run.json")["imported"];
    assert_eq!((&imported["from"], &imported["sha256"]), (&"m.safetensors".into(), &sha256.as_str().into()));
    for run in ["run", "back"] {
        sandbox.run(&["test", "-p", run, "--logits", &format!("{run}.csv")]).done();
    }
    assert_eq!(sandbox.bytes("run.csv"), sandbox.bytes("back.csv"));
    sandbox.run(&["inspect", "-p", "back"]).done();
    sandbox.run(&["report", "-p", "back"]).done();
    sandbox.run(&["export", "-p", "back", "-o", "again.safetensors"]).done();
    assert_eq!(sandbox.bytes("m.safetensors"), sandbox.bytes("again.safetensors"));
    // A run's own file is the other layout.
    let own = sandbox.best("run").join("weights.safetensors").display().to_string();
    let said = sandbox.run(&["import", &own, "--config", "run/config.toml", "-p", "own", "--json"]).done();
    let said: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(said["weights_sha256"], sha256);
    assert!(said["validation"]["accuracy"].is_f64(), "{said}");
    sandbox.run(&["train", "--resume", "-p", "back"]).fails(2, &["was imported", "train --init back"]);
    sandbox.run(&import).fails(2, &["back", "not overwritten"]);
}

#[test]
fn a_file_is_written_in_the_format_that_was_asked_for_and_never_replaced_silently() {
    let sandbox = Sandbox::new();
    sandbox.train(&[&SHORT[..], &["-p", "run"]].concat()).done();
    let export = |more: &[&str]| sandbox.run(&[&["export", "-p", "run"], more].concat());
    export(&["-o", "m.onnx"]).done();
    export(&["-o", "bytes", "--format", "onnx", "--bytes"]).done();
    let [floats, bytes] = ["m.onnx", "bytes"].map(|file| sandbox.bytes(file));
    let has = |file: &[u8], word: &str| file.windows(word.len()).any(|part| part == word.as_bytes());
    for file in [&floats, &bytes] {
        for word in ["images", "logits", "probabilities", "BatchNormalization", &sandbox.sha256("run")] {
            assert!(has(file, word), "{word}");
        }
    }
    assert_eq!([has(&floats, "Cast"), has(&bytes, "Cast")], [false, true]);
    export(&["-o", "m.onnx"]).fails(2, &["m.onnx is already there", "--force"]);
    assert_eq!(sandbox.bytes("m.onnx"), floats);
    // The same run gives the same bytes.
    let said = export(&["-o", "m.onnx", "--force", "--json"]).done().stdout;
    assert_eq!(sandbox.bytes("m.onnx"), floats);
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["input"]["shape"], serde_json::json!(["n", "1", "28", "28"]));
    assert_eq!(said["outputs"][1]["name"], "probabilities");
    assert_eq!(said["weights_sha256"], sandbox.sha256("run"));
    export(&["-o", "model"]).fails(2, &["--format onnx"]);
    export(&["-o", "m.safetensors", "--bytes"]).fails(2, &["--bytes"]);
    export(&["-o", "."]).fails(2, &["is a folder"]);
    export(&["-o", "run/config.toml", "--format", "onnx"]).fails(2, &["already there"]);
    sandbox.run(&["export", "-p", "nothing", "-o", "x.onnx"]).fails(3, &["nothing"]);
    assert!(!sandbox.has("x.onnx"));
}

#[test]
fn a_file_that_does_not_fit_or_does_not_tell_its_layout_makes_no_run() {
    let sandbox = Sandbox::new();
    let square = ["--set", "model.units=[]", "--set", "model.dense=[784]", "--set", "train.epochs=1"];
    sandbox.train(&[&square[..], &["-p", "run"]].concat()).done();
    sandbox.run(&["export", "-p", "run", "-o", "m.safetensors"]).done();
    let import = |file: &str, more: &[&str]| {
        sandbox.run(&[&["import", file, "--config", "run/config.toml", "-p", "back"], more].concat())
    };
    // The output layer is not square, so that it tells the layout of the square one.
    import("m.safetensors", &["--layout", "own"]).fails(3, &["head.weight", "[outputs, inputs]"]);
    let name = |from: &[u8], old: &str, new: &str| {
        let at = from.windows(old.len()).position(|part| part == old.as_bytes()).unwrap();
        [&from[..at], new.as_bytes(), &from[at + old.len()..]].concat()
    };
    let file = sandbox.bytes("m.safetensors");
    fs::write(sandbox.path().join("renamed"), name(&file, "head.bias", "head.bia5")).unwrap();
    import("renamed", &[]).fails(3, &["head.bias is missing; the file has head.bia5", "not in this network"]);
    fs::write(sandbox.path().join("pickled"), b"PK\x03\x04").unwrap();
    import("pickled", &[]).fails(3, &["torch.save", "save_file"]);
    import("missing", &[]).fails(1, &["missing cannot be read"]);
    fs::write(sandbox.path().join("cut"), &file[..file.len() / 2]).unwrap();
    import("cut", &[]).fails(3, &["not a safetensors file"]);
    import("m.safetensors", &["--set", "model.dense=[100]"])
        .fails(3, &["found the shape [784, 784]", "[100, 784]"]);
    assert!(!sandbox.path().join("back").exists());
    import("m.safetensors", &[]).done();
    assert_eq!(sandbox.sha256("back"), sandbox.sha256("run"));
}

#[test]
fn where_all_matrices_are_square_the_layout_is_asked_for() {
    let sandbox = Sandbox::new();
    // Ten mean maps make an output layer of ten by ten.
    let square = ["--set", "model.units=[{filters=10, kernel_size=3, pool=\"global-average\"}]"];
    sandbox.train(&[&square[..], &["--set", "train.epochs=1", "-p", "run"]].concat()).done();
    sandbox.run(&["export", "-p", "run", "-o", "m.safetensors"]).done();
    let import = |file: &str, run: &str, more: &[&str]| {
        sandbox.run(&[&["import", file, "--config", "run/config.toml", "-p", run], more].concat())
    };
    import("m.safetensors", "named", &[]).done();
    let unnamed = String::from_utf8_lossy(&sandbox.bytes("m.safetensors")).find("\"pt\"").unwrap();
    let mut file = sandbox.bytes("m.safetensors");
    file[unnamed..unnamed + 4].copy_from_slice(b"\"??\"");
    fs::write(sandbox.path().join("unnamed"), file).unwrap();
    import("unnamed", "asked", &[]).fails(2, &["head.weight", "square", "--layout pytorch"]);
    import("unnamed", "pytorch", &["--layout", "pytorch"]).done();
    import("unnamed", "own", &["--layout", "own"]).done();
    let sha256 = sandbox.sha256("run");
    assert_eq!([sandbox.sha256("named"), sandbox.sha256("pytorch")], [sha256.clone(), sha256.clone()]);
    assert_ne!(sandbox.sha256("own"), sha256);
}

#[test]
fn the_weights_of_each_epoch_are_kept_if_asked_for_and_a_resume_writes_the_same() {
    let sandbox = Sandbox::new();
    let constant = ["--set", "train.schedule=constant", "--keep-epochs"];
    let train = |run: &str, epochs: &str| {
        let epochs = format!("train.epochs={epochs}");
        sandbox.train(&[&SHORT[..], &constant, &["--set", &epochs, "-p", run]].concat()).done()
    };
    train("whole", "3");
    let kept =
        |run: &str| [0, 1, 2, 3].map(|epoch| sandbox.bytes(&format!("{run}/epochs/{epoch}.safetensors")));
    let whole = kept("whole");
    assert!(whole.windows(2).all(|pair| pair[0] != pair[1]));
    train("parts", "2");
    // A run that has kept some goes on without being asked.
    sandbox.run(&["train", "--resume", "-p", "parts", "--set", "train.epochs=3"]).done();
    assert!(kept("parts") == whole);
    sandbox.train(&[&SHORT[..], &["-p", "plain"]].concat()).done();
    assert!(!sandbox.has("plain/epochs"));

    let export = |run: &str, more: &[&str]| {
        sandbox.run(&[&["export", "-p", run, "--format", "model", "--force", "-o", "m"], more].concat())
    };
    let model = |more: &[&str]| {
        export("whole", more).done();
        network::ModelFile::from_bytes(&sandbox.bytes("m")).unwrap()
    };
    for (epoch, bytes) in whole.iter().enumerate() {
        let exported = model(&["--epoch", &epoch.to_string()]);
        assert!(exported.weights.to_bytes().unwrap() == *bytes, "{epoch}");
        assert_eq!(exported.thresholds, None);
    }
    let said = export("whole", &["--epoch", "2", "--json"]).done().stdout;
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!((&said["epoch"], &said["kept_epochs"]), (&2.into(), &serde_json::json!([0, 1, 2, 3])));
    let second = network::ModelFile::from_bytes(&sandbox.bytes("m")).unwrap();
    assert_eq!(said["weights_sha256"], second.source.weights_sha256);
    let rounded = model(&["--rounded"]);
    assert!(rounded.weights == model(&[]).weights.rounded() && rounded.thresholds.is_some());
    export("whole", &["--epoch", "4"]).fails(2, &["--epoch 4", "4 epochs, up to 3"]);
    export("plain", &["--epoch", "1"]).fails(2, &["--keep-epochs"]);
    sandbox.run(&["export", "-p", "whole", "--epoch", "1", "-o", "x.onnx"]).fails(2, &["--format model"]);
}
