//! Descriptions are written and read as the same, hostile ones are refused, and only the files of a data set are read
//! or removed.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::*;
use crate::catalog::{DataFile, Entry, Name, Role};
use crate::fetch;
use crate::idx::{Images, write_images, write_labels};
use crate::load::{load_test, load_train};
use crate::split::Split;
use crate::verify::{self, Status};

fn mine() -> Name {
    "mine".parse().unwrap()
}

/// A data set of 3x2 pixels and two classes in a data directory of its own, with its description.
fn written() -> (TempDir, Description) {
    let dir = TempDir::new().unwrap();
    let folder = mine().folder(dir.path());
    fs::create_dir(&folder).unwrap();
    let mut files = Vec::new();
    for (split, count) in [(Split::Train, 4_u8), (Split::Test, 2)] {
        let pixels = (0..count * 6).collect();
        let images = write_images(&Images::new(usize::from(count), 3, 2, pixels).unwrap());
        let labels = write_labels(&(0..count).map(|i| i % 2).collect::<Vec<_>>());
        for (role, content) in [(Role::Images, images), (Role::Labels, labels)] {
            let name = format!("{split}-{role:?}").to_lowercase();
            fs::write(folder.join(&name), &content).unwrap();
            files.push(DataFile::of_content(split, role, name, &content, [3, 2]));
        }
    }
    let description = Description {
        title: "Häuser \"und\" Bäume".to_owned(),
        classes: vec!["Haus".to_owned(), "Baum = 'tree'".to_owned()],
        height: 3,
        width: 2,
        preparation: None,
        licence: None,
        sources: vec!["C:\\bilder".to_owned()],
        train_images: 4,
        test_images: 2,
        files,
    };
    description.write(&folder).unwrap();
    (dir, description)
}

/// Makes a good description a wrong one.
type Change = fn(&mut Description);

fn refusal(text: &str) -> String {
    Description::parse(Path::new("d.toml"), text).unwrap_err().to_string()
}

#[test]
fn a_description_is_written_and_read_as_the_same() {
    let (dir, description) = written();
    assert_eq!(Description::of(mine(), dir.path()).unwrap(), description);
    for entry in Entry::ALL {
        let description = Description::from(entry);
        assert_eq!(Description::of(entry.name(), Path::new("/nowhere")).unwrap(), description);
        let read = Description::parse(Path::new(""), &description.to_toml().unwrap()).unwrap();
        assert_eq!(read, description);
    }
}

#[test]
fn a_longest_description_is_not_too_long_to_be_read() {
    let (dir, description) = written();
    let letter = '\u{10400}'.to_string();
    let class = |i: usize| format!("{i:03}{}", letter.repeat(LONGEST_CLASS - 3));
    let longest = Description {
        title: letter.repeat(LONGEST_TEXT),
        classes: (0..MOST_CLASSES).map(class).collect(),
        sources: vec!["\\\"'".repeat(LONGEST_TEXT / 3); 256],
        ..description
    };
    longest.write(&mine().folder(dir.path())).unwrap();
    assert_eq!(Description::of(mine(), dir.path()).unwrap(), longest);
}

#[test]
fn a_difference_is_told_with_what_was_and_what_is() {
    let (_, was) = written();
    let told = |change: fn(&mut Description)| {
        let mut now = was.clone();
        change(&mut now);
        was.difference(&now).unwrap_or_default()
    };
    assert_eq!(told(|d| d.title = "another".to_owned()), "");
    assert_eq!(told(|d| d.width = 7), "its images were of 3x2 pixels and are of 3x7 now");
    assert_eq!(told(|d| drop(d.classes.pop())), "it had 2 classes and has 1 now");
    assert_eq!(told(|d| d.classes[0] = "Hütte".to_owned()), "its class 0 was \"Haus\" and is \"Hütte\" now");
    let hash = told(|d| d.files[3].sha256 = "ab".into());
    assert!(
        hash.starts_with("the SHA-256 of test-labels was ") && hash.ends_with(" and is ab now"),
        "{hash}"
    );
}

#[test]
fn a_misspelt_name_is_told_with_the_nearest() {
    let (dir, _) = written();
    for (wrong, near) in
        [("mnits", "; did you mean `mnist`?"), ("mime", "`mine`?"), ("fashion", "`fashion-mnist`?")]
    {
        let message = Description::of(wrong.parse().unwrap(), dir.path()).unwrap_err().to_string();
        let begin = format!(
            "no data set `{wrong}`: found neither in the catalog (mnist, fashion-mnist, sample) nor "
        );
        assert!(message.starts_with(&begin) && message.ends_with(near), "{message}");
    }
    let message = Description::in_catalog("xyz".parse().unwrap()).unwrap_err().to_string();
    assert!(message.ends_with("a folder xyz with a dataset.toml"), "{message}");
}

#[test]
fn mistakes_in_the_text_are_told_with_line_and_column() {
    let text = written().1.to_toml().unwrap();
    let (line, width) = (text.lines().position(|line| line == "width = 2").unwrap() + 1, "width = 2");
    for (instead, at, problem) in [
        ("width = 2\nwidht = 2", [1, 1], "unknown field `widht`"),
        ("width = 99999999999999999999", [0, 9], "integer"),
        ("width = 9999999999", [0, 9], "invalid value: integer `9999999999`, expected u32"),
        ("width = -1", [0, 9], "invalid value: integer `-1`, expected u32"),
        ("width = 1.5", [0, 9], "invalid type: floating point"),
        ("preparation = \"cut\"\nwidth = 2", [0, 15], "unknown variant `cut`"),
        ("width = x", [0, 9], "expected literal string"),
    ] {
        let message = refusal(&text.replace(width, instead));
        assert!(message.starts_with(&format!("d.toml:{}:{}: ", line + at[0], at[1])), "{instead}: {message}");
        assert!(message.contains(problem), "{message}");
    }
    let message = refusal(&text.replace(width, ""));
    assert!(message.contains("missing field `width`"), "{message}");
    assert!(refusal(&"[".repeat(100_000)).starts_with("d.toml:1:"));
    assert_eq!(
        refusal("format = 2\nshape = [3, 32, 32]"),
        "d.toml: found format = 2, which a newer version of this program wrote; expected format = 1"
    );
    assert!(refusal(&text.replace("format = 1", "format = 0")).contains("found format = 0, expected 1"));
}

#[test]
fn values_that_cannot_be_are_refused_in_words() {
    let (_, good) = written();
    assert_eq!(good.check(), Ok(()));
    let changed = |change: fn(&mut Description)| {
        let mut description = good.clone();
        change(&mut description);
        description.check().unwrap_err()
    };
    let cases: [(Change, &str); 22] = [
        (|d| d.title = String::new(), "title: found \"\""),
        (|d| d.title = "a\u{1b}[2J".to_owned(), "without control characters"),
        (|d| d.licence = Some("MIT ".to_owned()), "licence: found \"MIT \""),
        (|d| d.sources = vec!["x".repeat(1001)], "sources: found 1001 characters"),
        (|d| d.sources = vec!["x".to_owned(); 257], "found 257 sources"),
        (|d| d.classes.clear(), "found 0 classes, expected 1 to 256"),
        (|d| d.classes = (0..257).map(|i| i.to_string()).collect(), "found 257 classes"),
        (|d| d.classes[1] = "Haus".to_owned(), "classes: found \"Haus\" twice"),
        (|d| d.classes[0] = "a\nb".to_owned(), "classes: found \"a\\nb\""),
        (|d| d.classes[0] = "a\u{202e}b".to_owned(), "without control characters"),
        (|d| d.classes[0] = "x".repeat(101), "classes: found 101 characters"),
        (|d| d.height = 0, "height = 0: expected 1 to 256"),
        (|d| d.width = 257, "width = 257: expected 1 to 256"),
        (|d| d.width = 4, "with images of another size than 3x4"),
        (|d| d.train_images = 0, "found no training images"),
        (|d| d.test_images = 1 << 40, "which no IDX file can hold"),
        (|d| d.test_images = 3, "test-images: found bytes = 28, expected 34 for 3 images"),
        (|d| drop(d.files.pop()), "expected four files"),
        (|d| d.files[0].name = "../mnist/train-images".into(), "without a folder"),
        (|d| d.files[0].name = "Dataset.TOML".into(), "without a folder"),
        (|d| d.files[0].name = "Test-Images".into(), "found the file name test-images twice"),
        (|d| d.files[0].sha256 = "AB".into(), "expected 64 hexadecimal digits"),
    ];
    for (change, problem) in cases {
        let found = changed(change);
        assert!(found.contains(problem), "{problem}: {found}");
    }
    for name in ["a/b", "a\\b", "..", ".", "", "/etc/passwd", "c:x", ".partial-1", "a.", "a\0"] {
        let mut description = good.clone();
        description.files[1].name = name.to_owned().into();
        assert!(description.check().is_err(), "{name:?}");
        assert!(description.write(Path::new("/nowhere")).is_err());
    }
}

#[test]
fn own_files_are_verified_whenever_they_are_used_and_never_fetched() {
    let (dir, description) = written();
    let ensured = || fetch::ensure(mine(), &Split::ALL, dir.path(), &mut |_| ());
    assert_eq!(ensured().unwrap(), mine().folder(dir.path()));
    let (train, test) = (load_train(mine(), dir.path()).unwrap(), load_test(mine(), dir.path()).unwrap());
    assert_eq!((train.subset().len(), test.subset().len(), train.subset().classes()), (4, 2, 2));
    assert_eq!((train.subset().height(), train.subset().width()), (3, 2));

    let path: PathBuf = mine().folder(dir.path()).join("train-images");
    let content = fs::read(&path).unwrap();
    let mut flipped = content.clone();
    flipped[20] ^= 1;
    fs::write(&path, flipped).unwrap();
    let message = load_train(mine(), dir.path()).unwrap_err().to_string();
    assert!(message.contains("mine/train-images: found SHA-256 "), "{message}");
    assert!(matches!(ensured(), Err(fetch::FetchError::Wrong { .. })));
    fs::remove_file(&path).unwrap();
    let message = ensured().unwrap_err().to_string();
    assert!(
        message.ends_with("train-images is missing, and no place offers the files of `mine`"),
        "{message}"
    );
    let reports = verify::verify(mine(), &Split::ALL, dir.path()).unwrap();
    let states: Vec<bool> = reports.iter().map(|report| report.status == Status::Ok).collect();
    assert_eq!(states, [false, true, true, true]);

    // As many bytes, but images of another shape.
    let turned = write_images(&Images::new(4, 2, 3, content[16..].to_vec()).unwrap());
    fs::write(&path, &turned).unwrap();
    let mut description = description;
    description.files[0] =
        DataFile::of_content(Split::Train, Role::Images, "train-images".to_owned(), &turned, [3, 2]);
    description.write(&mine().folder(dir.path())).unwrap();
    let message = load_train(mine(), dir.path()).unwrap_err().to_string();
    assert!(message.ends_with("found images of 2x3 pixels, expected 3x2"), "{message}");
}

#[test]
fn data_sets_are_listed_with_what_is_wrong_with_them() {
    let (dir, _) = written();
    for (name, content) in [("broken", "format = 7"), ("Upper", ""), ("mnist", "mine")] {
        fs::create_dir(dir.path().join(name)).unwrap();
        fs::write(dir.path().join(name).join(FILE), content).unwrap();
    }
    fs::create_dir(dir.path().join("empty")).unwrap();
    let found = known(dir.path());
    let names: Vec<(&str, bool)> =
        found.iter().map(|known| (known.name.key(), known.description.is_ok())).collect();
    let expected =
        [("mnist", true), ("fashion-mnist", true), ("sample", true), ("broken", false), ("mine", true)];
    assert_eq!(names, expected);
    assert_eq!(known(Path::new("/nowhere")).len(), 3);
}

#[test]
fn only_the_files_of_a_data_set_are_removed() {
    let (dir, _) = written();
    let folder = mine().folder(dir.path());
    fs::write(folder.join("notes.txt"), "mine").unwrap();
    fs::remove_file(folder.join("test-labels")).unwrap();
    let removed = remove(mine(), dir.path()).unwrap();
    assert_eq!((removed.files.len(), removed.others), (4, 1));
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    assert!(matches!(remove(mine(), dir.path()), Err(RemoveError::Description(_))));
    assert!(matches!(remove(Name::SAMPLE, dir.path()), Err(RemoveError::Catalog(_))));

    let (dir, _) = written();
    assert_eq!(remove(mine(), dir.path()).unwrap().files.len(), 5);
    assert!(!mine().folder(dir.path()).exists());
}

#[cfg(unix)]
#[test]
fn of_a_file_that_is_a_link_only_the_link_is_removed() {
    let (dir, _) = written();
    let (inside, outside) = (mine().folder(dir.path()).join("train-labels"), dir.path().join("labels"));
    fs::rename(&inside, &outside).unwrap();
    std::os::unix::fs::symlink(&outside, &inside).unwrap();
    remove(mine(), dir.path()).unwrap();
    assert!(outside.exists() && !inside.exists());
}
