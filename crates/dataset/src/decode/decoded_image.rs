//! What decoding an image file gives.

use prepare::GreyImage;

/// A grey image, and what became of the file on the way there.
#[derive(Clone, Debug)]
pub struct DecodedImage {
    /// Upright, with transparency laid over paper.
    pub image: GreyImage,
    pub notes: ImageNotes,
}

/// What messages say about an image that was decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageNotes {
    /// Whether a pixel was not grey.
    pub was_colour: bool,
    /// Whether a pixel was transparent, wholly or in part.
    pub had_alpha: bool,
    /// The number of frames of an animation, or pages of a TIFF. The first was decoded.
    pub frames: usize,
    /// Whether the image was turned, because EXIF says how the camera was held.
    pub oriented: bool,
    /// Pixels of the file to one of the image, in each direction. 1, but for an image of more than 16 megapixels.
    pub reduced_by: usize,
}

impl ImageNotes {
    /// What a person should know about how the file was taken.
    pub fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        if self.frames > 1 {
            words.push(format!("the first of {} frames", self.frames));
        }
        if self.oriented {
            words.push("turned upright as EXIF says".into());
        }
        words
    }
}
