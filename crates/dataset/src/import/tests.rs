//! Images are imported from class folders and tables, and nothing half stands under the final name.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::*;
use crate::description::Preparation;
use crate::idx::{Images, write_images, write_labels};
use crate::load::{load_test, load_train};

/// A grey image file of 28x28 pixels, white on black, that differs by its number.
fn pgm(number: u8) -> Vec<u8> {
    let mut pixels = vec![0; 784];
    for y in 8..20 {
        pixels[28 * y + 14] = 255;
    }
    pixels[28 * 10 + usize::from(number % 10) + 8] = 200;
    pixels[28 * 12 + usize::from(number / 10) + 8] = 100;
    [b"P5 28 28 255\n".as_slice(), &pixels].concat()
}

fn write(dir: &Path, name: &str, content: &[u8]) {
    let path = dir.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

fn request(from: &[PathBuf]) -> Request {
    Request {
        name: "mine".parse().unwrap(),
        from: from.to_vec(),
        test: Vec::new(),
        size: None,
        preparation: None,
        transpose: false,
        first_label: None,
        test_fraction: 0.2,
        seed: 1,
        title: None,
        licence: None,
        replace: false,
        free_memory: Some(1 << 30),
    }
}

fn run(request: &Request, dir: &Path) -> Result<Outcome, String> {
    import(request, dir, &mut |_| ()).map_err(|error| error.to_string())
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Class folders 0 to 11 with ten images each.
fn folders() -> TempDir {
    let dir = TempDir::new().unwrap();
    for class in 0..12_u8 {
        for i in 0..10_u8 {
            write(dir.path(), &format!("{class}/{i}.png"), &pgm(10 * class + i));
        }
    }
    dir
}

#[test]
fn class_folders_become_a_data_set_that_loads() {
    let (from, data) = (folders(), TempDir::new().unwrap());
    let mut heard = 0;
    let outcome = import(&request(&[from.path().to_owned()]), data.path(), &mut |progress| {
        heard += 1;
        assert_eq!((progress.done, progress.all), (heard, 120));
    })
    .unwrap();
    assert_eq!(heard, 120);
    assert_eq!(outcome.description.classes[9..], ["9", "10", "11"]);
    assert_eq!((outcome.train_counts, outcome.test_counts), (vec![8; 12], vec![2; 12]));
    assert_eq!(names(data.path()), ["mine"]);
    assert_eq!(names(&outcome.folder).len(), 5);
    let name = "mine".parse().unwrap();
    let (train, test) = (load_train(name, data.path()).unwrap(), load_test(name, data.path()).unwrap());
    assert_eq!((train.subset().len(), test.subset().len()), (96, 24));
    let first = train.subset();
    assert!((0..10).any(|i| pgm(i).ends_with(first.image(0))), "an image of the right size stays as it is");
    assert_eq!(Description::of(name, data.path()).unwrap(), outcome.description);
}

#[test]
fn broken_images_are_named_and_the_others_imported() {
    let (from, data) = (folders(), TempDir::new().unwrap());
    write(from.path(), "3/broken.png", b"\x89PNG\r\n\x1a\n");
    write(from.path(), "3/empty.png", b"");
    write(from.path(), "3/notes.txt", b"dear all");
    write(from.path(), "README.md", b"hello");
    write(from.path(), "4/red.ppm", b"P6 2 2 255\n\xff\0\0\xff\0\0\0\xff\0\0\0\0");
    let mut wanted = request(&[from.path().to_owned()]);
    wanted.preparation = Some(Preparation::Resize);
    let outcome = run(&wanted, data.path()).unwrap();
    let files = |unread: &[Unread]| {
        unread
            .iter()
            .map(|unread| unread.path.file_name().unwrap().to_string_lossy().into_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(files(&outcome.unreadable), ["broken.png", "empty.png"]);
    assert_eq!(files(&outcome.passed_over), ["README.md", "notes.txt"]);
    assert_eq!(outcome.from_colour, 1);
    assert_eq!(outcome.train_counts.iter().chain(&outcome.test_counts).sum::<usize>(), 121);
    assert_eq!(outcome.files, 123);
}

#[test]
fn test_folders_keep_the_numbers_of_the_classes() {
    let (from, data) = (folders(), TempDir::new().unwrap());
    let test = TempDir::new().unwrap();
    write(test.path(), "7/a.png", &pgm(200));
    write(test.path(), "5/a.png", &pgm(55));
    let mut wanted = request(&[from.path().to_owned()]);
    wanted.test = vec![test.path().to_owned()];
    let outcome = run(&wanted, data.path()).unwrap();
    assert_eq!(outcome.test_counts, [0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0]);
    assert_eq!(outcome.duplicates.in_both, 1);
    assert!(outcome.duplicates.named[0][0].ends_with("5/a.png"), "{:?}", outcome.duplicates);
    assert!(outcome.duplicates.named[0][1].ends_with("5/5.png"), "{:?}", outcome.duplicates);
    write(test.path(), "12/a.png", &pgm(201));
    wanted.replace = true;
    assert!(
        run(&wanted, data.path())
            .unwrap_err()
            .contains("the class folders [\"12\"], which the training images")
    );
}

#[test]
fn a_data_set_is_replaced_only_when_asked() {
    let (from, data) = (folders(), TempDir::new().unwrap());
    let mut wanted = request(&[from.path().to_owned()]);
    run(&wanted, data.path()).unwrap();
    assert!(run(&wanted, data.path()).unwrap_err().ends_with("--replace puts the new data set in its place"));
    (wanted.replace, wanted.title) = (true, Some("Second".to_owned()));
    assert_eq!(run(&wanted, data.path()).unwrap().description.title, "Second");
    assert_eq!(Description::of("mine".parse().unwrap(), data.path()).unwrap().title, "Second");
    assert_eq!(names(data.path()), ["mine"]);
    // What cannot be imported changes nothing.
    wanted.from = vec![data.path().join("mine/dataset.toml")];
    run(&wanted, data.path()).unwrap_err();
    assert_eq!(Description::of("mine".parse().unwrap(), data.path()).unwrap().title, "Second");
}

#[test]
fn what_killed_processes_left_is_removed_or_put_back() {
    let (from, data) = (folders(), TempDir::new().unwrap());
    let wanted = request(&[from.path().to_owned()]);
    run(&wanted, data.path()).unwrap();
    // Killed between the two renames of a replacement, and while another was written.
    fs::rename(data.path().join("mine"), data.path().join(".replaced-mine")).unwrap();
    write(data.path(), ".partial-import-dead/lock", b"");
    write(data.path(), ".partial-import-dead/train-images-idx3-ubyte", b"half");
    let alive = fs::File::create(data.path().join("file")).unwrap();
    fs::create_dir(data.path().join(".partial-import-alive")).unwrap();
    let lock = fs::File::create(data.path().join(".partial-import-alive/lock")).unwrap();
    lock.try_lock().unwrap();
    drop(alive);
    let mut other = wanted;
    other.name = "other".parse().unwrap();
    run(&other, data.path()).unwrap();
    assert_eq!(names(data.path()), [".partial-import-alive", "file", "mine", "other"]);
    load_train("mine".parse().unwrap(), data.path()).unwrap();
}

#[test]
fn idx_pairs_of_other_sizes_and_first_labels_are_imported() {
    let (from, data) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let pixels: Vec<u8> = (0..260 * 6).map(|i| (i % 251) as u8).collect();
    let images = write_images(&Images::new(260, 3, 2, pixels.clone()).unwrap());
    let labels: Vec<u8> = (0..260).map(|i| (1 + i % 26) as u8).collect();
    write(from.path(), "letters-images-idx3-ubyte", &images);
    write(from.path(), "letters-labels-idx1-ubyte", &write_labels(&labels));
    let mut wanted = request(&[from.path().to_owned()]);
    let error = run(&wanted, data.path()).unwrap_err();
    assert!(error.contains("labels are 1 to 26") && error.contains("--first-label 1"), "{error}");
    assert!(names(data.path()).is_empty());
    (wanted.first_label, wanted.transpose) = (Some(1), true);
    let outcome = run(&wanted, data.path()).unwrap();
    assert_eq!((outcome.description.height, outcome.description.width), (2, 3));
    assert_eq!((outcome.description.classes.len(), &outcome.description.classes[0]), (26, &"1".to_owned()));
    let train = load_train("mine".parse().unwrap(), data.path()).unwrap();
    let p = &pixels[..6];
    let turned = [p[0], p[2], p[4], p[1], p[3], p[5]];
    let all = [&train.subset(), &load_test("mine".parse().unwrap(), data.path()).unwrap().subset()]
        .map(|part| (0..part.len()).any(|i| part.image(i) == turned && part.label(i) == 0));
    assert!(all.contains(&true));
}

#[test]
fn a_csv_with_a_size_is_resized_and_repeated_lines_are_counted() {
    let (from, data) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let lines: String = (0..40).map(|i| format!("{},{},10,20,30\n", i % 2, i / 2 * 2 % 30)).collect();
    write(from.path(), "train.csv", lines.as_bytes());
    write(from.path(), "test.csv", b"label,a,b,c,d\n0,0,10,20,30\n1,99,10,20,30\n");
    let mut wanted = request(&[from.path().to_owned()]);
    let outcome = run(&wanted, data.path()).unwrap();
    assert_eq!((outcome.train_counts, outcome.test_counts), (vec![20, 20], vec![1, 1]));
    assert_eq!(outcome.duplicates.in_both, 1);
    assert!(outcome.duplicates.named[0][0].starts_with("line 2 of "), "{:?}", outcome.duplicates);
    (wanted.size, wanted.replace) = (Some([8, 8]), true);
    assert_eq!(run(&wanted, data.path()).unwrap().description.height, 8);
}

#[test]
fn requests_that_cannot_be_met_are_refused_before_anything_is_written() {
    let (from, data) = (folders(), TempDir::new().unwrap());
    let good = request(&[from.path().to_owned()]);
    let refused = |change: &dyn Fn(&mut Request), words: &str| {
        let mut wanted = good.clone();
        change(&mut wanted);
        let error = run(&wanted, data.path()).unwrap_err();
        assert!(error.contains(words), "{words}: {error}");
    };
    refused(&|r| r.name = crate::Name::MNIST, "mnist is a data set that the program knows");
    refused(&|r| r.size = Some([28, 257]), "expected 1 to 256 pixels");
    refused(&|r| r.test_fraction = f64::NAN, "expected one above 0 and below 1");
    refused(&|r| r.free_memory = Some(1 << 20), "120 images of 28x28 need");
    refused(&|r| r.from = vec![from.path().join("3")], "images that are in no class folder");
    refused(&|r| r.title = Some("a\nb".to_owned()), "title");
    refused(&|r| r.from = Vec::new(), "found no place to import from");
    let broken = TempDir::new().unwrap();
    write(broken.path(), "a/1.png", b"x");
    write(broken.path(), "b/1.png", b"x");
    refused(&|r| r.from = vec![broken.path().to_owned()], "no training image can be read");
    write(from.path(), "x/.keep", b"");
    refused(&|_| (), "the class folder \"x\" is empty");
    assert!(names(data.path()).is_empty());
}
