//! Models that read images, and what a page asks them.

use std::fmt::Display;

use network::ModelFile;
use network::answer::Answer;
use network::description::Description;
use network::forward::{Predictor, Trace, Tracer};
use network::reading::{Reader, Reading, Scope};
use prepare::GreyImage;
use serde::Serialize;

/// How many models can be loaded at once.
pub const SLOTS: usize = 8;

/// Models in numbered slots, and the results of the last question.
#[derive(Debug, Default)]
pub struct Engine {
    models: [Option<Model>; SLOTS],
    text: String,
    values: Vec<f32>,
}

/// A model that reads images and shows what it computes.
#[derive(Debug)]
struct Model {
    file: ModelFile,
    reader: Reader,
    tracer: Tracer,
}

/// A layer as JSON.
#[derive(Serialize)]
struct Layer {
    unit: Option<usize>,
    stage: String,
    shape: Vec<usize>,
}

impl Model {
    fn new(bytes: &[u8]) -> Result<Self, String> {
        let file = ModelFile::from_bytes(bytes).map_err(words)?;
        let predictor = Predictor::new(file.architecture.clone(), &file.weights).map_err(words)?;
        let preparation = file.preparation.parse().map_err(words)?;
        let reader = Reader::new(predictor, preparation, file.thresholds.unwrap_or_default());
        let tracer = Tracer::new(file.architecture.clone(), &file.weights).map_err(words)?;
        Ok(Self { file, reader, tracer })
    }

    fn answer(&self, reading: &Reading, sizes: [usize; 2]) -> Answer {
        let classes = &self.file.classes;
        Answer::new(reading, classes, sizes, Vec::new(), classes.len()).with_pixels(reading)
    }

    /// Refuses pixels that are not `n` inputs of the network.
    fn check(&self, pixels: &[u8], n: usize) -> Result<(), String> {
        let [height, width] = self.reader.size();
        if pixels.len() == n * height * width {
            return Ok(());
        }
        Err(format!("{} pixels, expected {n} images of {height}x{width}", pixels.len()))
    }
}

/// Each method answers a question. Its result is in [`Engine::text`] and [`Engine::values`] until the next question;
/// after an error, the text says in words what is wrong.
impl Engine {
    /// The last question's answer, or why there is none.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The numbers that belong to the last question's answer.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Loads a model file's bytes into a slot, in place of what is there. A file that is no model changes nothing.
    pub fn load(&mut self, slot: usize, bytes: &[u8]) -> bool {
        let Some(place) = self.models.get_mut(slot) else {
            return self.finish(Err(format!("slot {slot}, expected 0 to {}", SLOTS - 1)));
        };
        let loaded = Model::new(bytes).map(|model| *place = Some(model));
        self.finish(loaded.map(|()| Default::default()))
    }

    /// The model's [`Description`] as JSON.
    pub fn describe(&mut self, slot: usize) -> bool {
        self.ask(slot, |model| Ok((json(&Description::new(&model.file))?, Vec::new())))
    }

    /// Reads an image of `[height, width, 4]` bytes of red, green, blue and opacity: an [`Answer`] as JSON.
    pub fn read(&mut self, slot: usize, sizes: [usize; 2], rgba: Vec<u8>, scope: Scope) -> bool {
        self.ask(slot, |model| {
            let image = GreyImage::from_rgba(sizes[0], sizes[1], rgba).map_err(words)?;
            let reading = model.reader.read(&image, scope);
            Ok((json(&model.answer(&reading, sizes))?, Vec::new()))
        })
    }

    /// Reads a drawing of `[height, width, 4]` bytes, whose opacity is the ink: an [`Answer`] as JSON.
    pub fn read_drawing(&mut self, slot: usize, sizes: [usize; 2], rgba: &[u8]) -> bool {
        self.ask(slot, |model| {
            let ink = rgba.chunks_exact(4).map(|pixel| pixel[3]).collect();
            let image = GreyImage::new(sizes[0], sizes[1], ink).map_err(words)?;
            let reading = model.reader.read_drawing(&image);
            Ok((json(&model.answer(&reading, sizes))?, Vec::new()))
        })
    }

    /// What the network says of an input of its own size, which is taken as it is: an [`Answer`] as JSON. It has an item
    /// even if that is nothing known, because a person who moves a drawing wants to see the probabilities fall.
    pub fn classify(&mut self, slot: usize, pixels: &[u8]) -> bool {
        self.ask(slot, |model| {
            model.check(pixels, 1)?;
            let mut reading = model.reader.read_input(pixels);
            let status = model.answer(&reading, model.reader.size()).status;
            reading.lines.iter_mut().flatten().for_each(|item| item.is_known = true);
            let answer = Answer { status, ..model.answer(&reading, model.reader.size()) };
            Ok((json(&answer)?, Vec::new()))
        })
    }

    /// The logits `[n, classes]` of `n` inputs.
    pub fn logits(&mut self, slot: usize, pixels: &[u8], n: usize) -> bool {
        self.ask(slot, |model| {
            model.check(pixels, n)?;
            Ok((String::new(), model.reader.predictor().logits(pixels, n)))
        })
    }

    /// What each layer gives for an input: the layers as JSON, and their numbers one behind the other.
    pub fn trace(&mut self, slot: usize, pixels: &[u8]) -> bool {
        self.ask(slot, |model| {
            model.check(pixels, 1)?;
            let traces = model.tracer.trace(pixels);
            let values = traces.iter().flat_map(|trace| &trace.values).copied().collect();
            let layer = |Trace { unit, name, shape, .. }| Layer { unit, stage: name, shape };
            Ok((json(&traces.into_iter().map(layer).collect::<Vec<_>>())?, values))
        })
    }

    /// A tensor of the network: its shape as JSON, and its numbers.
    pub fn tensor(&mut self, slot: usize, name: &str) -> bool {
        self.ask(slot, |model| {
            let tensor = model.file.weights.get(name);
            let (shape, values) = tensor.ok_or_else(|| format!("the model has no tensor {name:?}"))?;
            Ok((json(&shape)?, values.to_vec()))
        })
    }

    fn ask(
        &mut self,
        slot: usize,
        answer: impl FnOnce(&Model) -> Result<(String, Vec<f32>), String>,
    ) -> bool {
        let model = self.models.get(slot).and_then(Option::as_ref);
        let result = match model {
            Some(model) => answer(model),
            None => Err(format!("slot {slot} has no model")),
        };
        self.finish(result)
    }

    fn finish(&mut self, result: Result<(String, Vec<f32>), String>) -> bool {
        let is_ok = result.is_ok();
        (self.text, self.values) = result.unwrap_or_else(|error| (error, Vec::new()));
        is_ok
    }
}

fn json(value: &impl Serialize) -> Result<String, String> {
    serde_json::to_string(value).map_err(words)
}

fn words(error: impl Display) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use network::builtin;
    use serde_json::Value;

    fn engine() -> Engine {
        let mut engine = Engine::default();
        assert!(engine.load(0, builtin::DIGITS), "{}", engine.text());
        engine
    }

    fn answer(engine: &Engine) -> Value {
        serde_json::from_str(engine.text()).unwrap()
    }

    /// A 1 in black ink on a transparent pad of 200x300, as a page hands it over.
    fn one() -> Vec<u8> {
        let is_ink = |i: usize| (40..160).contains(&(i / 300)) && (140..152).contains(&(i % 300));
        (0..200 * 300).flat_map(|i| [0, 0, 0, if is_ink(i) { 255 } else { 0 }]).collect()
    }

    #[test]
    fn a_drawing_is_read_with_all_classes_and_what_the_network_saw() {
        let mut engine = engine();
        assert!(engine.read(0, [200, 300], one(), Scope::All));
        let read = answer(&engine);
        assert_eq!((&read["text"], &read["status"]), (&"1".into(), &"read".into()));
        let item = &read["items"][0];
        assert_eq!(item["top"].as_array().unwrap().len(), 10);
        assert_eq!(item["box"], serde_json::json!([140, 40, 12, 120]));
        assert_eq!(item["pixels"].as_str().unwrap().len(), 784usize.div_ceil(3) * 4);
    }

    #[test]
    fn a_drawing_s_opacity_is_its_ink() {
        let mut engine = engine();
        assert!(engine.read_drawing(0, [200, 300], &one()));
        let read = answer(&engine);
        assert_eq!(
            (&read["text"], &read["status"], &read["inverted"]),
            (&"1".into(), &"read".into(), &false.into())
        );
        let expected = [140, 40, 12, 120];
        let bounds = read["items"][0]["box"].as_array().unwrap().iter().map(|side| side.as_i64().unwrap());
        assert!(bounds.zip(expected).all(|(found, expected)| found.abs_diff(expected) <= 2), "{read}");
        assert!(engine.read_drawing(0, [20, 30], &[0; 2400]));
        assert_eq!(answer(&engine)["status"], "no-digit");
        assert!(!engine.read_drawing(0, [20, 30], &[0; 2399]));
    }

    #[test]
    fn an_empty_pad_is_no_digit() {
        let mut engine = engine();
        assert!(engine.read(0, [20, 30], vec![0; 2400], Scope::All));
        assert_eq!(answer(&engine)["status"], "no-digit");
    }

    #[test]
    fn an_input_has_the_same_logits_alone_among_others_and_nearly_in_steps() {
        let mut engine = engine();
        let pixels: Vec<u8> = (0..2 * 784).map(|i| (i % 251) as u8).collect();
        assert!(engine.logits(0, &pixels, 2));
        let both = engine.values().to_vec();
        assert!(engine.logits(0, &pixels[784..], 1));
        assert_eq!(engine.values(), &both[10..]);
        assert!(engine.trace(0, &pixels[784..]));
        let layers = answer(&engine);
        let lengths = layers.as_array().unwrap().iter().map(|layer| {
            layer["shape"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).product::<u64>() as usize
        });
        assert_eq!(lengths.sum::<usize>(), engine.values().len());
        let logits = &engine.values()[engine.values().len() - 10..];
        assert!(logits.iter().zip(&both[10..]).all(|(a, b)| (a - b).abs() < 1e-3));
        assert!(engine.classify(0, &pixels[784..]));
        let top = both[10..].iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).unwrap().0;
        let classified = answer(&engine);
        assert_eq!(
            (&classified["items"][0]["class"], &classified["status"]),
            (&top.into(), &"no-digit".into())
        );
    }

    #[test]
    fn what_cannot_be_answered_is_said_in_words_and_the_model_stays() {
        let mut engine = engine();
        assert!(!engine.load(0, b"<!DOCTYPE html>") && !engine.text().is_empty());
        assert!(!engine.load(SLOTS, builtin::DIGITS));
        assert_eq!(engine.text(), "slot 8, expected 0 to 7");
        assert!(!engine.describe(1));
        assert_eq!(engine.text(), "slot 1 has no model");
        assert!(!engine.read(0, [usize::MAX, 2], Vec::new(), Scope::One));
        assert!(!engine.classify(0, &[0; 783]));
        assert_eq!(engine.text(), "783 pixels, expected 1 images of 28x28");
        assert!(!engine.tensor(0, "units.9.conv.weight") && engine.values().is_empty());
        assert!(engine.tensor(0, "head.bias"));
        assert_eq!((engine.text(), engine.values().len()), ("[10]", 10));
        assert!(engine.describe(0));
        assert_eq!(answer(&engine)["parameters"], 78_074);
    }
}
