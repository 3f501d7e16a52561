//! Tests of the lock on a run's folder.

use tempfile::TempDir;

use super::*;
use crate::run::store::partial::PartialFile;

#[test]
fn a_directory_has_one_process_at_a_time() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("run");
    let first = RunLock::new_run(&path).unwrap();
    assert!(matches!(RunLock::new_run(&path), Err(RunDirError::Locked(_))));
    let numbered = RunLock::numbered(dir.path(), "n").unwrap();
    let next = RunLock::numbered(dir.path(), "n").unwrap();
    assert_eq!((numbered.path(), next.path()), (&*dir.path().join("n-1"), &*dir.path().join("n-2")));
    drop(first);
    // A lock under which no run was begun removes the folder that it made.
    assert!(!path.exists());
}

#[test]
fn a_resume_leaves_the_partial_file_of_a_running_test_alone() {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join(names::CONFIG), "").unwrap();
    let test = PartialFile::create(&dir.path().join(names::TEST)).unwrap();
    drop(RunLock::existing_run(dir.path()).unwrap());
    assert!(test.path.exists(), "the test lost its result");
    // A process that ends without giving the file its name lets go of the lock as well.
    let PartialFile { path, file } = test;
    drop(file);
    drop(RunLock::existing_run(dir.path()).unwrap());
    assert!(!path.exists());
}

#[test]
fn without_locks_only_a_folder_that_was_made_here_is_certainly_own() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("run");
    let mut made = RunLock::new_run(&path).unwrap();
    assert!(made.is_certainly_own());
    made.limits.push(DiskLimit::NoLocks);
    assert!(made.is_certainly_own());
    drop(made);
    fs::create_dir(&path).unwrap();
    let mut found = RunLock::new_run(&path).unwrap();
    assert!(found.is_certainly_own());
    found.limits.push(DiskLimit::NoLocks);
    assert!(!found.is_certainly_own());
}

#[test]
fn a_new_run_takes_nothing_but_leftovers() {
    let dir = TempDir::new().unwrap();
    let write = |name: &str| fs::write(dir.path().join(name), "x").unwrap();
    let partial = "config.toml.0123456789abcdef.partial";
    for name in [LOCK, names::RUN, names::INITIAL, partial, "config.toml.7.partial"] {
        write(name);
    }
    fs::create_dir(dir.path().join(names::CHECKPOINTS)).unwrap();
    let lock = RunLock::new_run(dir.path()).unwrap();
    assert!(!dir.path().join(partial).exists());
    drop(lock);
    assert!(dir.path().exists());
    write("film.partial");
    assert!(matches!(RunLock::new_run(dir.path()), Err(RunDirError::Exists { is_run: false, .. })));
    fs::remove_file(dir.path().join("film.partial")).unwrap();
    write(names::CONFIG);
    assert!(matches!(RunLock::new_run(dir.path()), Err(RunDirError::Exists { is_run: true, .. })));
    fs::remove_file(dir.path().join(names::CONFIG)).unwrap();
    fs::create_dir(dir.path().join(names::CHECKPOINTS).join("step-00000001")).unwrap();
    assert!(matches!(RunLock::new_run(dir.path()), Err(RunDirError::Exists { is_run: false, .. })));
}
