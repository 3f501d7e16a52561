//! All images of an import in memory, with their classes.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::thread;

use prepare::GreyImage;

use crate::description::{MOST_CLASSES, Preparation};
use crate::import::error::ImportError;
use crate::import::images::{self, Recipe, Unread};
use crate::import::labelled::Labelled;
use crate::import::memory::Memory;
use crate::import::numbering::{self, Mapping};
use crate::import::places::folders::{Classes, Folders, in_order};
use crate::import::places::sniff::{Opened, open};
use crate::import::places::{TableFile, Tables};
use crate::import::request::{Progress, Request};
use crate::import::tables::idx::{Role, Stream, read_pair};
use crate::import::tables::{Table, csv, npz};
use crate::import::upright::{lies_on_its_side, transpose};

/// The height and width of images from files, where nobody asks for another.
const USUAL_SIZE: [usize; 2] = [28, 28];
/// The longest mapping file, in bytes.
const LONGEST_MAPPING: u64 = 1 << 20;
/// The share of images with a blank frame from which on they count as handwriting that was prepared.
const BLANK_FRAMES: f64 = 0.9;

/// All images of an import.
pub(crate) struct Gathered {
    pub(crate) classes: Vec<String>,
    pub(crate) size: [usize; 2],
    pub(crate) preparation: Preparation,
    pub(crate) train: Labelled,
    pub(crate) test: Option<Labelled>,
    pub(crate) files: usize,
    pub(crate) from_colour: usize,
    pub(crate) unreadable: Vec<Unread>,
    pub(crate) passed_over: Vec<Unread>,
    pub(crate) notes: Vec<String>,
}

/// Reads the images of class folders.
pub(crate) fn from_folders(
    folders: Folders,
    request: &Request,
    progress: &mut dyn FnMut(Progress),
) -> Result<Gathered, ImportError> {
    let classes = in_order(folders.train.keys().cloned());
    expect_classes(&folders, &classes)?;
    let test = folders.test.map(|test| numbered(test, &classes)).transpose()?;
    let train = numbered(folders.train, &classes)?;
    let files = train.len() + test.as_ref().map_or(0, Vec::len);
    let size = request.size.unwrap_or(USUAL_SIZE);
    Memory::new(request.free_memory).expect(files as u64, size[0], size[1])?;
    let preparation = request.preparation.unwrap_or(if are_characters(&classes) {
        Preparation::Ink
    } else {
        Preparation::Resize
    });
    let recipe = Recipe { preparation, size, transpose: request.transpose };
    let read = images::read(&train, &recipe, &mut |done| progress(Progress { done, all: files }));
    let before = train.len();
    let mut test = test.map(|test| {
        images::read(&test, &recipe, &mut |done| progress(Progress { done: before + done, all: files }))
    });
    let (mut unreadable, mut no_images, mut from_colour) =
        (read.unreadable, read.passed_over, read.from_colour);
    if let Some(test) = &mut test {
        unreadable.append(&mut test.unreadable);
        no_images.append(&mut test.passed_over);
        from_colour += test.from_colour;
    }
    let files = files - no_images.len();
    let mut passed_over: Vec<Unread> = folders.beside.into_iter().map(beside).collect();
    passed_over.append(&mut no_images);
    let (train, test) = (read.images, test.map(|test| test.images));
    let notes = folders.notes;
    Ok(Gathered {
        classes,
        size,
        preparation,
        train,
        test,
        files,
        from_colour,
        unreadable,
        passed_over,
        notes,
    })
}

fn beside(path: PathBuf) -> Unread {
    let what = if path.is_file() { "it is in no class folder" } else { "it is no file that can be read" };
    Unread { path, reason: what.to_owned() }
}

/// Checks that there are classes, and images of each.
fn expect_classes(folders: &Folders, classes: &[String]) -> Result<(), ImportError> {
    if let Some((name, _)) = folders.train.iter().find(|(_, files)| files.is_empty()) {
        return Err(ImportError::Request(format!(
            "the class folder {name:?} is empty; remove it, or put images of this class into it"
        )));
    }
    match classes {
        [] => Err(ImportError::Request("found no class folder, expected one for each class".to_owned())),
        [only] => Err(ImportError::Request(format!(
            "found one class folder, {only:?}, expected one for each class; name the folder that holds all of them"
        ))),
        classes if classes.len() > MOST_CLASSES => Err(ImportError::Request(format!(
            "found {} class folders, expected at most {MOST_CLASSES}",
            classes.len()
        ))),
        _ => Ok(()),
    }
}

/// The files with the number of their class.
fn numbered(folders: Classes, classes: &[String]) -> Result<Vec<(PathBuf, u8)>, ImportError> {
    let mut files = Vec::new();
    let unknown: Vec<&String> = folders.keys().filter(|name| !classes.contains(name)).collect();
    if !unknown.is_empty() {
        return Err(ImportError::Request(format!(
            "the test images have the class folders {unknown:?}, which the training images do not have"
        )));
    }
    let mut folders = folders;
    for (label, name) in classes.iter().enumerate() {
        let found = folders.remove(name).unwrap_or_default();
        files.extend(found.into_iter().map(|path| (path, label as u8)));
    }
    Ok(files)
}

/// Whether every class is named by a single letter or digit, as in handwriting.
fn are_characters(classes: &[String]) -> bool {
    classes.iter().all(|name| name.chars().count() == 1 && name.chars().all(char::is_alphanumeric))
}

/// Reads the images of tables.
pub(crate) fn from_tables(tables: Tables, request: &Request) -> Result<Gathered, ImportError> {
    let mut memory = Memory::new(request.free_memory);
    let mut notes = tables.notes;
    let mapping = tables.mapping.as_deref().map(read_mapping).transpose()?;
    let (path, mut train, second) = read_table(&tables.train, &mut memory)?;
    let mut test = match (tables.test, second) {
        (None, second) => second.map(|test| (path.clone(), test)),
        (Some(file), None) => {
            let (path, first, second) = read_table(&file, &mut memory)?;
            Some((path, second.unwrap_or(first)))
        }
        (Some(_), Some(_)) => {
            let words = format!("{} has test images of its own, and --test names others", path.display());
            return Err(ImportError::Request(format!("{words}; expected one of both")));
        }
    };
    for table in [Some(&mut train), test.as_mut().map(|(_, table)| table)].into_iter().flatten() {
        if request.transpose {
            transpose(table);
        }
    }
    notes.extend(side_note(&path, &train, request.transpose));
    let (first, classes) = numbering::classes(&path, &train, request.first_label, mapping.as_ref())?;
    if classes.len() < 2 {
        return Err(ImportError::source(
            &path,
            format!("all labels are {first}, expected at least two classes"),
        ));
    }
    let preparation =
        request.preparation.unwrap_or(if are_characters(&classes) && has_blank_frames(&train) {
            Preparation::Ink
        } else {
            Preparation::Resize
        });
    let size = request.size.unwrap_or([train.height, train.width]);
    let recipe = Recipe { preparation, size, transpose: false };
    resize(&mut train, &recipe);
    if let Some((path, test)) = &mut test {
        if request.size.is_none() && [test.height, test.width] != size {
            let (h, w) = (test.height, test.width);
            let words = format!(
                "test images are {h}x{w}, training images {}x{}; --size makes them equal",
                size[0], size[1]
            );
            return Err(ImportError::source(path.as_path(), words));
        }
        resize(test, &recipe);
    }
    let train = numbering::labelled(&path, train, first, &classes)?;
    let test = test.map(|(path, test)| numbering::labelled(&path, test, first, &classes)).transpose()?;
    let (from_colour, unreadable, passed_over) = (0, Vec::new(), Vec::new());
    Ok(Gathered {
        classes,
        size,
        preparation,
        train,
        test,
        files: 0,
        from_colour,
        unreadable,
        passed_over,
        notes,
    })
}

/// What a person should know about images that lie on their side.
fn side_note(path: &Path, train: &Table, transposed: bool) -> Option<String> {
    let name = path.to_string_lossy().to_lowercase();
    match (lies_on_its_side(train), transposed) {
        (true, false) => Some(
            "most images are wider than tall; if they are handwriting, they lie on their side, as in EMNIST's files: \
             look at them with `show`, and --transpose turns them upright"
                .to_owned(),
        ),
        (true, true) => Some(
            "most images are wider than tall now; if they are handwriting, they were upright before --transpose"
                .to_owned(),
        ),
        (false, false) if name.contains("emnist") && train.labels.len() < 200 => {
            Some("EMNIST's files hold each image transposed; --transpose turns it upright".to_owned())
        }
        _ => None,
    }
}

/// Whether the outermost pixels of most images are blank, as where handwriting was cut out and centred.
fn has_blank_frames(table: &Table) -> bool {
    let (height, width) = (table.height, table.width);
    let is_blank = |image: &&[u8]| {
        let is_frame = |i: usize| {
            i / width == 0 || i / width + 1 == height || i.is_multiple_of(width) || i % width + 1 == width
        };
        image.iter().enumerate().all(|(i, pixel)| *pixel == 0 || !is_frame(i))
    };
    let blank = table.pixels.chunks_exact(height * width).filter(is_blank).count();
    blank as f64 >= BLANK_FRAMES * table.labels.len() as f64
}

/// Brings the images of a table to another size, on all processors. An image without ink becomes blank.
fn resize(table: &mut Table, recipe: &Recipe) {
    let [height, width] = recipe.size;
    let (before, after) = (table.height * table.width, height * width);
    if [table.height, table.width] == recipe.size {
        return;
    }
    let mut pixels = vec![0; table.labels.len() * after];
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let each = table.labels.len().div_ceil(threads).max(1);
    let (h, w) = (table.height, table.width);
    thread::scope(|scope| {
        for (from, to) in table.pixels.chunks(each * before).zip(pixels.chunks_mut(each * after)) {
            scope.spawn(move || {
                for (from, to) in from.chunks_exact(before).zip(to.chunks_exact_mut(after)) {
                    let image = GreyImage::new(h, w, from.to_vec());
                    if let Ok(Ok(prepared)) = image.map(|image| recipe.prepare(&image)) {
                        to.copy_from_slice(&prepared);
                    }
                }
            });
        }
    });
    (table.height, table.width, table.pixels) = (height, width, pixels);
}

/// Reads a table, and the second one that an npz file may hold. The path is that of the labels, for messages.
fn read_table(file: &TableFile, memory: &mut Memory) -> Result<(PathBuf, Table, Option<Table>), ImportError> {
    let (path, table) = match file {
        TableFile::Npz(path) => {
            let file = File::open(path).map_err(ImportError::io(path))?;
            let parts = npz::read(BufReader::new(file), memory);
            let parts = parts.map_err(|fault| ImportError::of_fault(path, fault))?;
            return Ok((path.clone(), parts.train, parts.test));
        }
        TableFile::Csv(path) => {
            let mut content = BufReader::with_capacity(1 << 16, open(path)?.content);
            (path, csv::read(&mut content, memory).map_err(|fault| ImportError::of_fault(path, fault))?)
        }
        TableFile::Idx { images, labels } => {
            let (mut first, mut second) = (open(images)?, open(labels)?);
            let table =
                read_pair(stream(&mut first), stream(&mut second), memory).map_err(|(role, fault)| {
                    ImportError::of_fault(if role == Role::Images { images } else { labels }, fault)
                })?;
            (labels, table)
        }
    };
    memory.take(table.labels.len() as u64, table.height, table.width);
    Ok((path.clone(), table, None))
}

fn stream(opened: &mut Opened) -> Stream<'_> {
    Stream { content: &mut *opened.content, bytes: opened.bytes, packed: opened.packed }
}

fn read_mapping(path: &Path) -> Result<Mapping, ImportError> {
    let mut text = String::new();
    let read = open(path)?.content.take(LONGEST_MAPPING).read_to_string(&mut text);
    read.map_err(ImportError::io(path))?;
    let mapping = numbering::parse_mapping(&text).map_err(|reason| ImportError::source(path, reason))?;
    let names: HashSet<&String> = mapping.values().collect();
    if names.len() != mapping.len() {
        return Err(ImportError::source(
            path,
            "two labels have the same character, expected names that differ",
        ));
    }
    Ok(mapping)
}
