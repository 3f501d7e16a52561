//! An upload becomes what the network sees, and what the network says becomes an answer.

use bytes::Bytes;
use network::answer::Answer;
use network::reading::{Found, Reading, Scope};

use crate::compute::upload::Upload;
use crate::failure::Failure;
use crate::model::Model;

/// What a request asks for, beside its image.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Options {
    /// Exactly one thing, whatever its parts are.
    pub(crate) single: bool,
    /// A drawing: 0 where nothing was drawn, 255 in full ink.
    pub(crate) drawn: bool,
    /// Dark becomes light first.
    pub(crate) invert: bool,
    /// The answer brings the pixels that the network saw.
    pub(crate) pixels: bool,
}

/// An image that waits for the network.
pub(crate) struct Opened {
    pub(crate) found: Found,
    rest: Rest,
}

/// What is needed of an image once the network has seen it.
pub(crate) struct Rest {
    options: Options,
    /// In pixels of the file, upright.
    size: [usize; 2],
    reduced_by: usize,
    notes: Vec<String>,
}

impl Opened {
    /// Decodes an upload and finds what there is to read in it.
    ///
    /// # Errors
    /// If it is no image.
    pub(crate) fn new(upload: &Upload, options: Options, model: &Model) -> Result<Self, Failure> {
        let decoded = upload.decode()?;
        let notes = decoded.notes;
        let image = if options.invert { decoded.image.inverted() } else { decoded.image };
        let scope = if options.single { Scope::One } else { Scope::All };
        let size = [image.height(), image.width()].map(|side| side * notes.reduced_by);
        let found = match options.drawn {
            true => model.reader.find_drawing(&image),
            false => model.reader.find(&image, scope),
        };
        Ok(Self { found, rest: Rest { options, size, reduced_by: notes.reduced_by, notes: notes.words() } })
    }

    pub(crate) fn into_parts(self) -> (Found, Rest) {
        (self.found, self.rest)
    }
}

impl Rest {
    /// The answer as JSON, with every class of each item.
    pub(crate) fn answer(self, reading: Reading, model: &Model) -> Result<Bytes, Failure> {
        let mut reading = reading.enlarged(self.reduced_by);
        // The reader saw the image after it was inverted.
        reading.inverted ^= self.options.invert && !reading.lines.is_empty();
        let answer = Answer::new(&reading, &model.classes, self.size, self.notes, model.classes.len());
        let answer = if self.options.pixels { answer.with_pixels(&reading) } else { answer };
        serde_json::to_vec(&answer).map(Bytes::from).map_err(|_| Failure::fault())
    }
}
