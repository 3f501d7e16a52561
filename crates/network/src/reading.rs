//! Reads images: what an image shows is found and prepared, the network says what it is, thresholds how sure that is.

pub mod answer;

use prepare::reading::{self, Scores};
use prepare::{
    Bounds, GreyImage, Ink, Preparation, Prepared, drawn_ink, find_ink, in_the_middle, is_prepared, resize,
    single,
};

use crate::forward::Predictor;
use crate::thresholds::Thresholds;

/// A network that takes images of any kind and size.
///
/// It is not changed by reading, so threads may share one.
#[derive(Clone, Debug)]
pub struct Reader {
    predictor: Predictor,
    preparation: Preparation,
    thresholds: Thresholds,
}

/// How much an image is expected to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Exactly one thing, whatever its parts are.
    One,
    /// Any number of digits in lines, if the network reads handwriting ([`Preparation::Ink`]). Otherwise as `One`.
    All,
}

/// What was found in an image, before the network has seen it.
#[derive(Clone, Debug)]
pub enum Found {
    /// An empty image.
    Nothing,
    /// The network's input.
    One(Prepared),
    /// Ink that may be several digits.
    Several(Ink),
}

/// One thing that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadItem {
    /// The class of the largest probability.
    pub class: usize,
    /// One a class; together 1.
    pub probabilities: Vec<f32>,
    /// Whether probability and energy reach the thresholds.
    pub is_sure: bool,
    /// Whether the probability is one that an image of a class could have.
    pub is_known: bool,
    /// In pixels of the image.
    pub bounds: Bounds,
    /// What the network saw, `[height, width]`.
    pub pixels: Vec<u8>,
}

/// What an image says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// From top to bottom, in each what was read from left to right. No line is empty.
    pub lines: Vec<Vec<ReadItem>>,
    /// By how many quarter turns, clockwise, the image was turned to be read, 0 to 3.
    pub quarter_turns: u8,
    /// Whether dark ink on light paper became light on dark.
    pub inverted: bool,
}

/// How a reading ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// All of it is sure.
    Read,
    /// Something was read, and part of it is not sure.
    NotSure,
    /// There is nothing to read, or nothing that the network knows.
    NoDigit,
}

impl Reading {
    /// All items in reading order.
    pub fn items(&self) -> impl Iterator<Item = &ReadItem> {
        self.lines.iter().flatten()
    }

    pub fn status(&self) -> Status {
        if self.items().all(|item| !item.is_known) {
            Status::NoDigit
        } else if self.items().all(|item| item.is_sure) {
            Status::Read
        } else {
            Status::NotSure
        }
    }

    /// The reading of an image from that of a copy of which one pixel stands for `by` of the image, in each direction.
    #[must_use]
    pub fn enlarged(mut self, by: usize) -> Self {
        for item in self.lines.iter_mut().flatten() {
            let bounds = &mut item.bounds;
            for length in [&mut bounds.top, &mut bounds.left, &mut bounds.height, &mut bounds.width] {
                *length *= by;
            }
        }
        self
    }
}

impl ReadItem {
    /// The probability of the class that was read.
    pub fn probability(&self) -> f32 {
        self.probabilities.get(self.class).copied().unwrap_or(0.0)
    }

    /// The classes by falling probability; equal ones by their number.
    pub fn ranking(&self) -> Vec<usize> {
        let mut classes: Vec<usize> = (0..self.probabilities.len()).collect();
        classes.sort_by(|a, b| self.probabilities[*b].total_cmp(&self.probabilities[*a]));
        classes
    }
}

impl Reader {
    /// A reader whose network takes images that are prepared like this, with thresholds that belong to its weights.
    pub fn new(predictor: Predictor, preparation: Preparation, thresholds: Thresholds) -> Self {
        Self { predictor, preparation, thresholds }
    }

    /// The network.
    pub fn predictor(&self) -> &Predictor {
        &self.predictor
    }

    /// Height and width of the network's images.
    pub fn size(&self) -> [usize; 2] {
        let input = self.predictor.architecture().input();
        [input.height, input.width]
    }

    /// Reads an image.
    pub fn read(&self, image: &GreyImage, scope: Scope) -> Reading {
        self.classify(vec![self.find(image, scope)]).pop().unwrap_or_default()
    }

    /// Finds what there is to read, and prepares it for the network. Together with [`Reader::classify`] this is
    /// [`Reader::read`] in two steps: several images can be handed over together, and the image need not be kept.
    ///
    /// An image that is as the training images are ([`is_prepared`]) is taken as it is.
    pub fn find(&self, image: &GreyImage, scope: Scope) -> Found {
        let size = self.size();
        let one = match (self.preparation, scope) {
            (Preparation::Ink, Scope::All) if !is_prepared(image, size) => {
                return find_ink(image).map_or(Found::Nothing, Found::Several);
            }
            (Preparation::Ink, _) => single(image, size),
            // An image of one tone shows nothing.
            (Preparation::Resize, _) if image.pixels().windows(2).all(|pair| pair[0] == pair[1]) => None,
            (Preparation::Resize, _) => Some(resize(image, size)),
        };
        one.map_or(Found::Nothing, Found::One)
    }

    /// Reads a drawing: an image of 0 where nothing was drawn to 255 in full ink.
    pub fn read_drawing(&self, image: &GreyImage) -> Reading {
        self.classify(vec![self.find_drawing(image)]).pop().unwrap_or_default()
    }

    /// As [`Reader::find`], in a drawing.
    pub fn find_drawing(&self, image: &GreyImage) -> Found {
        match self.preparation {
            Preparation::Ink => drawn_ink(image).map_or(Found::Nothing, Found::Several),
            Preparation::Resize => self.find(image, Scope::One),
        }
    }

    /// Reads an input of the network, `[height, width]` pixels, as it is: whatever is in it.
    ///
    /// # Panics
    /// If `pixels` is not of the network's size. That is a mistake of the caller, never of the data.
    pub fn read_input(&self, pixels: &[u8]) -> Reading {
        let [height, width] = self.size();
        let bounds = Bounds { top: 0, left: 0, height, width };
        let prepared = Prepared { pixels: pixels.to_vec(), bounds, inverted: false };
        self.classify(vec![Found::One(prepared)]).pop().unwrap_or_default()
    }

    /// Lets the network say what was found, one reading for each. Those of a single input are computed together.
    pub fn classify(&self, found: Vec<Found>) -> Vec<Reading> {
        let single: Vec<&[u8]> = found
            .iter()
            .filter_map(|found| match found {
                Found::One(prepared) => Some(prepared.pixels.as_slice()),
                Found::Nothing | Found::Several(_) => None,
            })
            .collect();
        let mut scores = self.scores(&single).into_iter();
        let read = |found| match found {
            Found::Nothing => Reading::default(),
            Found::One(Prepared { pixels, bounds, inverted }) => {
                let items = scores.next().map(|scores| self.item(bounds, pixels, scores));
                let lines = items.into_iter().map(|item| vec![item]).collect();
                Reading { lines, quarter_turns: 0, inverted }
            }
            Found::Several(ink) => self.read_lines(&ink),
        };
        found.into_iter().map(read).collect()
    }

    fn read_lines(&self, ink: &Ink) -> Reading {
        let [height, width] = self.size();
        let side = height.min(width);
        let mut classify = |squares: &[Vec<u8>]| {
            let images: Vec<Vec<u8>> =
                squares.iter().map(|square| in_the_middle(square, side, [height, width])).collect();
            self.scores(&images.iter().map(Vec::as_slice).collect::<Vec<_>>())
        };
        let (lines, quarter_turns) = reading::read_upright(ink, side, &mut classify);
        let item = |item: reading::Item| {
            self.item(item.bounds, in_the_middle(&item.pixels, side, [height, width]), item.scores)
        };
        let lines = lines.into_iter().map(|line| line.items.into_iter().map(item).collect()).collect();
        Reading { lines, quarter_turns, inverted: !ink.is_light() }
    }

    /// What the network thinks of each of these inputs.
    fn scores(&self, inputs: &[&[u8]]) -> Vec<Scores> {
        if inputs.is_empty() {
            return Vec::new();
        }
        let classes = self.predictor.architecture().classes();
        let logits = self.predictor.logits(&inputs.concat(), inputs.len());
        let scores = logits.chunks_exact(classes).map(|logits| {
            let (probabilities, energy) = self.thresholds.scores(logits);
            Scores { probabilities, energy }
        });
        scores.collect()
    }

    fn item(&self, bounds: Bounds, pixels: Vec<u8>, scores: Scores) -> ReadItem {
        let class = scores.class().unwrap_or(0);
        let is_sure = self.thresholds.is_sure(scores.largest(), scores.energy);
        let is_known = self.thresholds.is_known(scores.largest());
        ReadItem { class, probabilities: scores.probabilities, is_sure, is_known, bounds, pixels }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::architecture::Architecture;
    use crate::config::ModelConfig;
    use crate::tensors::NamedTensors;

    /// A network of one dense layer whose logit of class 1 is the mean of all pixels, times 10.
    fn reader(preparation: Preparation, thresholds: Thresholds) -> Reader {
        let config = ModelConfig { units: Vec::new(), dense: Vec::new(), ..ModelConfig::default() };
        let architecture = Architecture::new(&config, [1, 8, 8], 2).unwrap();
        let mut weights = NamedTensors::default();
        for spec in architecture.tensor_specs() {
            let count: usize = spec.shape.iter().product();
            let is_matrix = spec.shape.len() == 2;
            let value = |i: usize| if is_matrix && i % 2 == 1 { 10.0 / 64.0 } else { 0.0 };
            weights.insert(spec.name, spec.shape, (0..count).map(value).collect());
        }
        Reader::new(Predictor::new(architecture, &weights).unwrap(), preparation, thresholds)
    }

    fn image(height: usize, width: usize, pixel: impl Fn(usize, usize) -> u8) -> GreyImage {
        let pixels = (0..height * width).map(|i| pixel(i / width, i % width)).collect();
        GreyImage::new(height, width, pixels).unwrap()
    }

    #[test]
    fn a_prepared_image_is_taken_as_it_is() {
        let reader = reader(Preparation::Ink, Thresholds::default());
        // Six pixels long, with more ink below, so that its centre of mass lies where MNIST's does.
        let digit = image(8, 8, |y, x| if x == 4 { [0, 100, 100, 100, 200, 200, 200, 0][y] } else { 0 });
        for scope in [Scope::One, Scope::All] {
            let reading = reader.read(&digit, scope);
            let [item] = reading.lines[0].as_slice() else { panic!("{reading:?}") };
            assert_eq!((item.pixels.as_slice(), item.class), (digit.pixels(), 1));
            assert_eq!(item.bounds, Bounds { top: 0, left: 0, height: 8, width: 8 });
        }
    }

    #[test]
    fn an_empty_image_is_no_digit_in_every_way() {
        for preparation in [Preparation::Ink, Preparation::Resize] {
            let reader = reader(preparation, Thresholds::default());
            for [height, width] in [[1, 1], [8, 8], [280, 280]] {
                for tone in [0, 128, 255] {
                    for scope in [Scope::One, Scope::All] {
                        let reading = reader.read(&image(height, width, |_, _| tone), scope);
                        assert_eq!(
                            reading.status(),
                            Status::NoDigit,
                            "{preparation} {height}x{width} {tone}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn what_does_not_reach_the_thresholds_is_not_sure() {
        let digit = image(8, 8, |y, x| if (2..6).contains(&y) && x == 3 { 255 } else { 0 });
        let status = |thresholds| reader(Preparation::Ink, thresholds).read(&digit, Scope::One).status();
        assert_eq!(status(Thresholds::default()), Status::Read);
        assert_eq!(status(Thresholds { least_probability: 0.9, ..Thresholds::default() }), Status::NotSure);
        assert_eq!(status(Thresholds { least_energy: 3.0, ..Thresholds::default() }), Status::NotSure);
        let strict = Thresholds { least_probability: 0.99, least_known: 0.9, ..Thresholds::default() };
        assert_eq!(status(strict), Status::NoDigit);
    }

    #[test]
    fn images_read_together_are_read_as_alone() {
        let reader = reader(Preparation::Resize, Thresholds::default());
        let images =
            [image(3, 5, |y, x| (40 * y + 7 * x) as u8), image(2, 2, |_, _| 9), image(9, 9, |y, _| y as u8)];
        let found = images.iter().map(|image| reader.find(image, Scope::All)).collect();
        let alone: Vec<Reading> = images.iter().map(|image| reader.read(image, Scope::All)).collect();
        assert_eq!(reader.classify(found), alone);
        assert_eq!(alone[1].status(), Status::NoDigit);
    }

    #[test]
    fn a_reading_of_a_small_copy_is_enlarged_to_the_image() {
        let digit = image(8, 8, |y, x| if (2..6).contains(&y) && x == 3 { 255 } else { 0 });
        let reading = reader(Preparation::Ink, Thresholds::default()).read(&digit, Scope::One);
        assert_eq!(reading.clone().enlarged(3).lines[0][0].bounds.top, 3 * reading.lines[0][0].bounds.top);
    }

    #[test]
    fn the_ranking_falls() {
        let item = ReadItem {
            class: 2,
            probabilities: vec![0.1, 0.2, 0.5, 0.2],
            is_sure: true,
            is_known: true,
            bounds: Bounds { top: 0, left: 0, height: 1, width: 1 },
            pixels: vec![0],
        };
        assert_eq!(item.ranking(), [2, 1, 3, 0]);
        assert_eq!(item.probability(), 0.5);
    }
}
