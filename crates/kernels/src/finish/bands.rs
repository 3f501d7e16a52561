//! How an image is divided into bands that stay in the nearest cache.

use crate::finish::shape::FinishShape;

/// How many values of a feature map a band has about: 16 kB.
const BAND: usize = 4096;

/// How many whole pixels of so many channels a band has.
pub(crate) fn band_pixels(channels: usize) -> usize {
    (BAND / channels).max(1)
}

/// The bands of an image: with pooling a row of windows each, otherwise some pixels.
#[derive(Clone, Copy)]
pub(crate) struct Bands {
    /// Values of a band. The last one may have fewer.
    pub input: usize,
    /// Output values of a band, of which the last one may have fewer. A band whose rows fill no window has none.
    pub output: usize,
    image: usize,
    output_image: usize,
}

impl Bands {
    pub(crate) fn new(shape: &FinishShape) -> Self {
        let (input, output) = match shape.pooling {
            Some(pooling) => {
                (pooling.height * shape.width * shape.channels, shape.out_width() * shape.channels)
            }
            None => {
                (band_pixels(shape.channels) * shape.channels, band_pixels(shape.channels) * shape.channels)
            }
        };
        Self { input, output, image: shape.input_len(), output_image: shape.output_len() }
    }

    /// How many bands have an output.
    pub(crate) fn with_output(&self) -> usize {
        self.output_image.div_ceil(self.output)
    }

    /// How many bands an image has.
    pub(crate) fn all(&self) -> usize {
        self.image.div_ceil(self.input)
    }

    /// Where in an image band `i` lies.
    pub(crate) fn input(&self, i: usize) -> std::ops::Range<usize> {
        i * self.input..((i + 1) * self.input).min(self.image)
    }

    /// Where in an output image the output of band `i` lies.
    pub(crate) fn output(&self, i: usize) -> std::ops::Range<usize> {
        let [start, end] = [i, i + 1].map(|i| (i * self.output).min(self.output_image));
        start..end
    }
}
