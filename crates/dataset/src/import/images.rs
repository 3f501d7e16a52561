//! Image files decoded and prepared on all processors.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread;

use prepare::GreyImage;

use crate::decode::{ReadError, read_file};
use crate::description::Preparation;
use crate::import::labelled::{Labelled, Places};

/// So many prepared images may wait for their place.
const WAITING: usize = 64;
/// Endings of names that only images have.
const IMAGE_ENDINGS: [&str; 17] = [
    "png", "jpg", "jpeg", "jpe", "gif", "bmp", "webp", "tif", "tiff", "pgm", "ppm", "pbm", "pnm", "heic",
    "heif", "avif", "jxl",
];

/// How images are made fit for the data set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Recipe {
    pub(crate) preparation: Preparation,
    /// Height and width.
    pub(crate) size: [usize; 2],
    pub(crate) transpose: bool,
}

/// A file that gave no image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    pub path: PathBuf,
    pub reason: String,
}

/// What became of image files.
#[derive(Debug, Default)]
pub(crate) struct Read {
    pub(crate) images: Labelled,
    /// Images that cannot be read.
    pub(crate) unreadable: Vec<Unread>,
    /// Files that are no images.
    pub(crate) passed_over: Vec<Unread>,
    /// Images that had colours.
    pub(crate) from_colour: usize,
}

impl Recipe {
    /// The pixels of an image, `[height, width]`.
    ///
    /// # Errors
    /// If no ink is found, in words.
    pub(crate) fn prepare(&self, image: &GreyImage) -> Result<Vec<u8>, String> {
        let turned = if self.transpose { transposed(image) } else { None };
        let image = turned.as_ref().unwrap_or(image);
        match self.preparation {
            Preparation::Resize => Ok(prepare::resize(image, self.size).pixels),
            Preparation::Ink => {
                let prepared = prepare::single(image, self.size).ok_or("no ink was found in it")?;
                Ok(prepared.pixels)
            }
        }
    }
}

/// The image with its rows as columns.
fn transposed(image: &GreyImage) -> Option<GreyImage> {
    let (height, width) = (image.height(), image.width());
    let pixels = (0..width).flat_map(|x| (0..height).map(move |y| image.pixels()[y * width + x])).collect();
    GreyImage::new(width, height, pixels).ok()
}

/// One file on its way: prepared pixels and whether it had colours, or why there are none.
type Outcome = Result<(Vec<u8>, bool), Failure>;

enum Failure {
    Unreadable(String),
    NoImage(String),
}

/// Reads the files, each with its class. `progress` hears how many are done.
pub(crate) fn read(files: &[(PathBuf, u8)], recipe: &Recipe, progress: &mut dyn FnMut(usize)) -> Read {
    let threads = thread::available_parallelism().map_or(1, usize::from).min(files.len().max(1));
    let next = AtomicUsize::new(0);
    let pixels = recipe.size[0] * recipe.size[1];
    let mut outcomes: Vec<Option<Failure>> = Vec::new();
    outcomes.resize_with(files.len(), || None);
    let mut read = Read::default();
    let mut all = vec![0; files.len() * pixels];
    thread::scope(|scope| {
        let (sender, receiver) = sync_channel::<(usize, Outcome)>(WAITING);
        for _ in 0..threads {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                while let Some((i, (path, _))) = take(files, next) {
                    if sender.send((i, read_one(path, recipe))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        for (done, (i, outcome)) in receiver.into_iter().enumerate() {
            match outcome {
                Ok((image, was_colour)) => {
                    all[i * pixels..(i + 1) * pixels].copy_from_slice(&image);
                    read.from_colour += usize::from(was_colour);
                }
                Err(failure) => outcomes[i] = Some(failure),
            }
            progress(done + 1);
        }
    });
    collect(&mut read, files, outcomes, all, pixels);
    read
}

/// The next file that no thread has taken.
fn take<'a>(files: &'a [(PathBuf, u8)], next: &AtomicUsize) -> Option<(usize, &'a (PathBuf, u8))> {
    let i = next.fetch_add(1, Ordering::Relaxed);
    files.get(i).map(|file| (i, file))
}

/// Moves the images together, in the order of the files, and says what became of the others.
fn collect(
    read: &mut Read,
    files: &[(PathBuf, u8)],
    outcomes: Vec<Option<Failure>>,
    mut all: Vec<u8>,
    pixels: usize,
) {
    let mut paths = Vec::new();
    for (i, ((path, label), failure)) in files.iter().zip(outcomes).enumerate() {
        let unread = |reason| Unread { path: path.clone(), reason };
        match failure {
            None => {
                all.copy_within(i * pixels..(i + 1) * pixels, paths.len() * pixels);
                paths.push(path.clone());
                read.images.labels.push(*label);
            }
            Some(Failure::Unreadable(reason)) => read.unreadable.push(unread(reason)),
            Some(Failure::NoImage(reason)) => read.passed_over.push(unread(reason)),
        }
    }
    all.truncate(paths.len() * pixels);
    read.images.pixels = all;
    read.images.places = Places::Files(paths);
}

/// Reads one file. A decoder that panics has read a broken file.
fn read_one(path: &Path, recipe: &Recipe) -> Outcome {
    let decoded = catch_unwind(AssertUnwindSafe(|| {
        let decoded = read_file(path)?;
        Ok((recipe.prepare(&decoded.image), decoded.notes.was_colour))
    }));
    match decoded {
        Ok(Ok((Ok(pixels), was_colour))) => Ok((pixels, was_colour)),
        Ok(Ok((Err(reason), _))) => Err(Failure::Unreadable(reason)),
        Ok(Err(error)) => Err(failure(path, &error)),
        Err(_) => Err(Failure::Unreadable("the decoder failed".to_owned())),
    }
}

/// A file with the name of an image ought to have been one. What a file without such a name is, its content decides.
fn failure(path: &Path, error: &ReadError) -> Failure {
    let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    let is_image = IMAGE_ENDINGS.contains(&ending.as_str()) || !is_other(error);
    if is_image { Failure::Unreadable(error.to_string()) } else { Failure::NoImage(error.to_string()) }
}

/// Whether the content is something other than an image.
fn is_other(error: &ReadError) -> bool {
    use crate::decode::DecodeError::{Empty, Refused, Unknown};
    matches!(error, ReadError::Decode(Empty | Refused(_) | Unknown { .. }))
}
