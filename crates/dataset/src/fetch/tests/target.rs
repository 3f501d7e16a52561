//! What stands in the way of a data directory is told before anything is asked for.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use tempfile::TempDir;

use super::super::*;
use super::quiet;

/// Asks for MNIST's test files, from a folder that has none. Returns the error's text, and whether the folder
/// was asked at all.
fn refused(dir: &Path) -> (String, bool) {
    let from = TempDir::new().unwrap();
    let mut asked = false;
    let mut events = |_| asked = true;
    let error = download(Name::MNIST, &[Split::Test], dir, Some(from.path()), true, &mut events).unwrap_err();
    (error.to_string(), asked)
}

#[test]
fn a_link_to_nothing_and_a_file_in_the_way_are_told_before_anything_is_asked_for() {
    let home = TempDir::new().unwrap();
    let at = |name: &str| home.path().join(name);
    fs::create_dir(at("data")).unwrap();
    symlink("/no/such/disk", at("data/mnist")).unwrap();
    symlink("/no/such/disk", at("gone")).unwrap();
    symlink(at("b"), at("a")).unwrap();
    symlink(at("a"), at("b")).unwrap();
    fs::write(at("file"), b"mine").unwrap();
    for (dir, part, what) in [
        ("data", "data/mnist", "is a link to nothing: /no/such/disk is not there"),
        ("gone", "gone", "is a link to nothing: /no/such/disk is not there"),
        ("gone/further", "gone", "is a link to nothing"),
        ("a", "a", "which cannot be followed: "),
        ("file", "file", "is a file, expected a folder"),
        ("file/further", "file", "is a file, expected a folder"),
    ] {
        let (message, asked) = refused(&at(dir));
        assert!(
            message.starts_with(&format!("{} {what}", at(part).display())) || message.contains(what),
            "{message}"
        );
        assert!(message.starts_with(&at(part).display().to_string()), "{message}");
        assert!(!asked, "{dir}");
        let error = ensure(Name::MNIST, &[Split::Test], &at(dir), &mut quiet).unwrap_err();
        assert!(matches!(error, FetchError::Blocked(_)), "{dir}: {error}");
        let reports = verify::verify(Name::MNIST, &[Split::Test], &at(dir)).unwrap();
        for report in reports {
            let Status::Unreadable(reason) = report.status else { panic!("{dir}: {report:?}") };
            assert!(reason.contains(what), "{dir}: {reason}");
        }
        let error = crate::load::load_test(Name::MNIST, &at(dir)).unwrap_err().to_string();
        assert!(error.contains(what), "{dir}: {error}");
    }
    // What the links stand for is still to come.
    let (message, asked) = refused(&at("new/newer"));
    assert!(asked && message.contains("no file is "), "{message}");
    assert!(!at("new").exists());
}

/// A link to a file on a disk that is not there: it is neither missing, nor to be replaced without a word.
#[test]
fn a_file_that_is_a_link_to_nothing_is_kept_unless_forced() {
    let data = TempDir::new().unwrap();
    fs::create_dir(data.path().join("mnist")).unwrap();
    let path = data.path().join("mnist/t10k-images-idx3-ubyte");
    symlink("/no/such/disk/images", &path).unwrap();
    let error = ensure(Name::MNIST, &[Split::Test], data.path(), &mut quiet).unwrap_err();
    let FetchError::Wrong { status, .. } = &error else { panic!("{error}") };
    let Status::Unreadable(reason) = &**status else { panic!("{error}") };
    assert!(reason.ends_with("is a link to nothing: /no/such/disk/images is not there"), "{reason}");
    assert!(refused(data.path()).1, "with force, the files are asked for");
    assert!(path.is_symlink());
}

/// As root, any folder can be written into, so then there is nothing to see.
#[test]
fn a_folder_that_takes_no_files_is_told_before_anything_is_asked_for() {
    let home = TempDir::new().unwrap();
    let closed = home.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o555)).unwrap();
    let is_closed = fs::write(closed.join("probe"), b"").is_err();
    for (dir, folder) in
        [(closed.clone(), closed.join("mnist")), ("/proc/none".into(), "/proc/none/mnist".into())]
    {
        if !dir.parent().unwrap().exists() || (dir == closed && !is_closed) {
            continue;
        }
        let (message, asked) = refused(&dir);
        assert!(message.starts_with(&format!("{} cannot be written: ", folder.display())), "{message}");
        assert!(!asked && !message.contains(".tmp"), "{message}");
    }
}
