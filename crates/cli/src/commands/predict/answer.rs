//! Opens, decodes and reads images, and says for each what became of it.

use std::io::{self, IsTerminal};
use std::path::Path;

use dataset::decode::{self, DecodeError, DecodedImage, ImageNotes, ReadError};
use network::answer;
use network::reading::{Found, Reader, Reading, Scope};
use prepare::GreyImage;

use super::inputs::{Input, Source};

/// The longest side of the small copy of an image, in pixels.
const THUMBNAIL: usize = 400;

/// What the arguments say about every image.
pub(super) struct Options {
    pub(super) scope: Scope,
    /// Whether dark becomes light first.
    pub(super) inverts: bool,
    /// Whether a small copy of each image is kept to be drawn.
    pub(super) draws: bool,
}

/// What became of one image.
pub(super) struct Answer {
    pub(super) name: String,
    /// The number of the folder that it was found in.
    pub(super) folder: Option<usize>,
    pub(super) outcome: Outcome,
}

pub(super) enum Outcome {
    Read(ReadImage),
    /// Why it could not be opened.
    Unreadable(String),
    /// A file in a folder that is no image and does not claim to be one.
    PassedOver,
}

/// An image that could be opened, and what it says.
pub(super) struct ReadImage {
    pub(super) reading: Reading,
    /// In pixels of the file, upright.
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) notes: ImageNotes,
    pub(super) thumbnail: Option<Thumbnail>,
}

/// A small copy of an image.
pub(super) struct Thumbnail {
    pub(super) image: GreyImage,
    /// Pixels of the image to one of the copy, in each direction.
    pub(super) reduced_by: usize,
}

/// An image that waits for the network.
struct Opened {
    decoded: DecodedSize,
    thumbnail: Option<Thumbnail>,
}

struct DecodedSize {
    height: usize,
    width: usize,
    notes: ImageNotes,
}

/// Reads images together.
pub(super) fn answers(inputs: &[Input], reader: &Reader, options: &Options) -> Vec<Answer> {
    let mut found = Vec::with_capacity(inputs.len());
    let opened: Vec<Result<Opened, Outcome>> = inputs
        .iter()
        .map(|input| {
            let decoded = open(&input.source).map_err(|error| failed(input, &error))?;
            Ok(find(decoded, reader, options, &mut found))
        })
        .collect();
    let mut readings = reader.classify(found).into_iter();
    let mut outcome = |opened: Result<Opened, Outcome>| match opened {
        Ok(opened) => Outcome::Read(finished(opened, readings.next().unwrap_or_default(), options)),
        Err(outcome) => outcome,
    };
    let answer = |(input, opened): (&Input, _)| Answer {
        name: input.name.clone(),
        folder: input.folder,
        outcome: outcome(opened),
    };
    inputs.iter().zip(opened).map(answer).collect()
}

/// Why a source gives no image.
enum OpenError {
    Read(ReadError),
    Unlisted(String),
    Terminal,
}

fn open(source: &Source) -> Result<DecodedImage, OpenError> {
    match source {
        Source::File(path) => decode::read_file(path).map_err(OpenError::Read),
        Source::Stdin if io::stdin().is_terminal() => Err(OpenError::Terminal),
        Source::Stdin => decode::read(io::stdin().lock()).map_err(OpenError::Read),
        Source::Unlisted(problem) => Err(OpenError::Unlisted(problem.clone())),
    }
}

fn failed(input: &Input, error: &OpenError) -> Outcome {
    match error {
        OpenError::Read(ReadError::Decode(error))
            if input.folder.is_some() && is_no_image(error) && !is_named_as_image(&input.name) =>
        {
            Outcome::PassedOver
        }
        OpenError::Read(error) => Outcome::Unreadable(error.to_string()),
        OpenError::Unlisted(problem) => Outcome::Unreadable(problem.clone()),
        OpenError::Terminal => {
            Outcome::Unreadable("standard input is a terminal; expected an image through a pipe".into())
        }
    }
}

/// Whether this is said of something that is no image at all, in whatever format.
fn is_no_image(error: &DecodeError) -> bool {
    match error {
        DecodeError::Empty | DecodeError::Unknown { .. } => true,
        DecodeError::Refused(refused) => !refused.is_image(),
        _ => false,
    }
}

/// Whether a file claims to be an image by its name.
fn is_named_as_image(name: &str) -> bool {
    const EXTENSIONS: [&str; 16] = [
        "png", "apng", "jpg", "jpeg", "jpe", "jfif", "gif", "bmp", "dib", "webp", "tif", "tiff", "pbm",
        "pgm", "ppm", "pnm",
    ];
    let extension =
        Path::new(name).extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    extension.is_some_and(|extension| EXTENSIONS.contains(&extension.as_str()))
}

/// Finds what there is to read in an image, which is then let go.
fn find(decoded: DecodedImage, reader: &Reader, options: &Options, found: &mut Vec<Found>) -> Opened {
    let DecodedImage { image, notes } = decoded;
    let image = if options.inverts { image.inverted() } else { image };
    found.push(reader.find(&image, options.scope));
    let [height, width] = [image.height(), image.width()].map(|side| side * notes.reduced_by);
    let decoded = DecodedSize { height, width, notes };
    let thumbnail = options.draws.then(|| {
        let reduced_by = image.height().max(image.width()).div_ceil(THUMBNAIL);
        Thumbnail { image: image.reduced(reduced_by), reduced_by: reduced_by * notes.reduced_by }
    });
    Opened { decoded, thumbnail }
}

fn finished(opened: Opened, reading: Reading, options: &Options) -> ReadImage {
    let Opened { decoded: DecodedSize { height, width, notes }, thumbnail } = opened;
    // The reader counts in pixels of the image that it was given.
    let mut reading = reading.enlarged(notes.reduced_by);
    // The reader saw the image after `--invert`.
    reading.inverted ^= options.inverts && !reading.lines.is_empty();
    ReadImage { reading, height, width, notes, thumbnail }
}

impl ReadImage {
    /// What to say if nothing was read.
    pub(super) fn nothing(&self) -> Option<&'static str> {
        answer::nothing(&self.reading)
    }

    /// What is read, with a mark behind what is not sure.
    pub(super) fn marked_text(&self, classes: &[String], mark: &str) -> String {
        answer::marked_text(&self.reading, classes, mark)
    }

    /// What a person should know about how the file was taken and read.
    pub(super) fn notes(&self) -> Vec<String> {
        self.storage_notes().into_iter().chain(answer::turn_note(&self.reading)).collect()
    }

    /// What a person should know about how the file was taken.
    pub(super) fn storage_notes(&self) -> Vec<String> {
        self.notes.words()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_claims_to_be_an_image_is_told_by_its_name() {
        let names = ["a.PNG", "b.jpeg", "labels.csv", "png", "x.tar.gz", ".png"];
        assert_eq!(names.map(is_named_as_image), [true, true, false, false, false, false]);
    }
}
