//! Augments images of one size.

use rand::Rng;

use crate::augment::continental::Continental;
use crate::augment::draw::symmetric;
use crate::augment::elastic::Elastic;
use crate::augment::erase::Rectangle;
use crate::augment::map::Map;
use crate::augment::ranges::Augmentation;
use crate::augment::resample::Resampling;
use crate::augment::stroke::Stroke;

/// Augments images `[height, width]`, with memory for one image at a time. Each thread needs its own.
#[derive(Clone, Debug)]
pub struct Augmenter {
    ranges: Augmentation,
    height: usize,
    width: usize,
    elastic: Option<Elastic>,
    /// The image with the strokes of continental handwriting.
    written: Vec<u8>,
    stroke: Stroke,
    resampling: Resampling,
}

impl Augmenter {
    /// For images of this size. Any range is taken, but which ones make sense is for the caller to check.
    pub fn new(ranges: &Augmentation, height: usize, width: usize) -> Self {
        let elastic = (ranges.elastic > 0.0).then(|| Elastic::new(ranges, height, width));
        Self {
            ranges: ranges.clone(),
            height,
            width,
            elastic,
            written: Vec::new(),
            stroke: Stroke::default(),
            resampling: Resampling::new(height, width),
        }
    }

    /// Augments an image `[height, width]`, where 0 is background, into `augmented`. An image of no class has no label.
    /// The same numbers of the generator give the same bytes.
    ///
    /// # Panics
    /// If `pixels` or `augmented` are not exactly `height * width` values.
    pub fn augment(&mut self, pixels: &[u8], label: Option<u8>, rng: &mut impl Rng, augmented: &mut [u8]) {
        let (height, width) = (self.height, self.width);
        let is_whole = pixels.len() == height * width && augmented.len() == pixels.len();
        assert!(
            is_whole,
            "expected {height} x {width} pixels, found {} and {}",
            pixels.len(),
            augmented.len()
        );
        if pixels.is_empty() {
            return;
        }
        // Every number is drawn, whether its range is 0 or not, and always in this order. So a range that
        // changes leaves the other changes of an image as they were.
        let map = Map::draw(&self.ranges, height, width, rng);
        let growth = symmetric(rng) * self.ranges.stroke_width * height.min(width) as f64;
        let rectangle = Rectangle::draw(self.ranges.erase, height, width, rng);
        if let Some(elastic) = &mut self.elastic {
            elastic.draw(rng);
        }
        let strokes = (self.ranges.continental > 0.0).then(|| Continental::draw(rng));

        let written = match strokes {
            Some(strokes) if strokes.is_wanted(self.ranges.continental, label) => {
                self.written.clear();
                self.written.extend_from_slice(pixels);
                strokes.add(label, width, &mut self.written);
                &self.written
            }
            _ => pixels,
        };
        let stroked = self.stroke.grow(written, width, growth);
        if map.is_identity() && self.elastic.is_none() {
            augmented.copy_from_slice(stroked);
        } else {
            self.resampling.apply(stroked, &map, self.elastic.as_mut(), augmented);
        }
        rectangle.fill(augmented, width, rng);
    }
}
