//! Tests where the program keeps data and runs that are not given a directory.

use std::fs;

use crate::program::Sandbox;

#[test]
fn somebody_elses_project_gets_no_runs_and_no_data() {
    let sandbox = Sandbox::new();
    let (project, here) = (sandbox.path().join("project"), sandbox.path().join("project/notes"));
    fs::create_dir_all(project.join("configs")).unwrap();
    fs::create_dir(&here).unwrap();
    fs::write(project.join("Cargo.lock"), "version = 4\n").unwrap();
    fs::write(project.join("Cargo.toml"), "[workspace]\nmembers = []\n").unwrap();
    let train = ["train", "--set", "data.dataset=sample", "--set", "train.epochs=1"];
    let quick = ["--set", "data.train_limit=40", "--set", "model.units=[{filters=2}]"];
    let trained = sandbox.process(&[&train[..], &quick].concat()).current_dir(&here).output().unwrap();
    assert!(trained.status.success(), "{}", String::from_utf8_lossy(&trained.stderr));
    assert!(here.join("runs/run-1/config.toml").is_file());
    assert!(!project.join("runs").exists());
    let verified = sandbox.process(&["data", "verify"]).current_dir(&here).output().unwrap();
    let expected = sandbox.path().join("user/mnist-cnn/mnist/train-images-idx3-ubyte");
    let text = String::from_utf8_lossy(&verified.stdout).into_owned();
    assert!(text.contains(&format!("{}: missing", expected.display())), "{text}");
}

#[test]
fn in_the_workspace_data_is_the_same_folder_from_anywhere() {
    let workspace = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let sandbox = Sandbox::new();
    for folder in ["", "crates/cli/src"] {
        let here = workspace.join(folder);
        let verified =
            sandbox.process(&["data", "verify", "--dataset", "fashion-mnist"]).current_dir(&here).output();
        let text = String::from_utf8(verified.unwrap().stdout).unwrap();
        let expected = workspace.join("data/fashion-mnist/train-images-idx3-ubyte");
        let short = expected.strip_prefix(&here).unwrap_or(&expected);
        assert!(text.contains(&format!("{}: ", short.display())), "{text}");
    }
}

#[cfg(unix)]
#[test]
fn what_stands_in_the_place_of_a_run_is_named() {
    use std::os::unix::fs::symlink;

    let sandbox = Sandbox::new();
    sandbox.train(&["-p", "run", "--set", "train.epochs=1"]).done();
    symlink("nowhere", sandbox.path().join("link")).unwrap();
    symlink("circle", sandbox.path().join("circle")).unwrap();
    fs::write(sandbox.path().join("file"), "").unwrap();
    let blocked = [
        ("link", "link is a link to nothing: nowhere is not there"),
        ("link/run", "link is a link to nothing"),
        ("circle/run", "circle is a link to circle, which cannot be followed"),
        ("file", "file is a file, expected a folder"),
        ("file/run", "file is a file, expected a folder"),
        ("run/config.toml", "for example: -p run\n"),
    ];
    for (path, words) in blocked {
        sandbox.train(&["-p", path]).fails(2, &[words]);
        sandbox.run(&["train", "--resume", "-p", path]).fails(2, &[words]);
        sandbox.run(&["test", "-p", path]).fails(2, &[words]);
    }
}
