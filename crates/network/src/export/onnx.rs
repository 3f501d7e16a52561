//! A network as an ONNX file.
//!
//! The operators are those of version 17 of ONNX's set and the file is of version 8 of its format, which programs
//! from 2022 on can read. The number of images is free.

use crate::architecture::Architecture;
use crate::export::graph::Graph;
use crate::export::messages::{DataType, Dimension, GraphParts, model, value_info};
use crate::tensors::{NamedTensors, TensorsError};

/// The version of the set of operators.
const OPERATORS: i64 = 17;
/// The name of the free dimension.
const FREE: &str = "n";

/// What the graph takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// `f32` from 0 to 1, which are the pixels divided by 255.
    Scaled,
    /// `u8` from 0 to 255. The graph divides them by 255 itself.
    Bytes,
}

impl Input {
    /// The values of an image, for people.
    pub fn values(self) -> &'static str {
        match self {
            Self::Scaled => "float32 from 0 to 1, which are grey pixels from 0 to 255 divided by 255",
            Self::Bytes => "uint8, grey pixels from 0 to 255; the graph divides them by 255 itself",
        }
    }
}

/// What an exported file says about its model.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// The names of the classes, in the order of the logits.
    pub classes: &'a [String],
    /// The word for how any image becomes an input.
    pub preparation: &'a str,
    /// SHA-256 of the run's own weights file, in hexadecimal.
    pub weights_sha256: &'a str,
    /// The version of the program.
    pub version: &'a str,
}

/// The bytes of an ONNX file. It takes `images` `[n, channels, height, width]` and gives `logits` and
/// `probabilities`, both `[n, classes]`.
///
/// # Errors
/// If the tensors are not this architecture's.
pub fn onnx(
    architecture: &Architecture,
    weights: &NamedTensors,
    input: Input,
    about: &About<'_>,
) -> Result<Vec<u8>, TensorsError> {
    architecture.check(weights)?;
    let mut graph = Graph::new(weights, "images");
    if input == Input::Bytes {
        graph.scale_bytes();
    }
    graph.network(architecture)?;
    graph.softmax("probabilities");
    let maps = architecture.input();
    let images = [maps.channels, maps.height, maps.width].map(Dimension::Fixed);
    let images: Vec<Dimension> = [Dimension::Free(FREE)].into_iter().chain(images).collect();
    let classes = [Dimension::Free(FREE), Dimension::Fixed(architecture.classes())];
    let kind = if input == Input::Bytes { DataType::Uint8 } else { DataType::Float };
    let about_images = format!("Images [n, channels, height, width]: {}; 0 is background.", input.values());
    let parts = GraphParts {
        nodes: graph.nodes,
        constants: graph.constants,
        inputs: vec![value_info("images", kind, &images, &about_images)],
        outputs: vec![
            value_info("logits", DataType::Float, &classes, "A number for each class, before the softmax."),
            value_info(
                "probabilities",
                DataType::Float,
                &classes,
                "The probability of each class: the softmax of the logits.",
            ),
        ],
    };
    let properties = [
        ("classes", json_list(about.classes)),
        ("input", input.values().to_owned()),
        ("preparation", about.preparation.to_owned()),
        ("weights_sha256", about.weights_sha256.to_owned()),
    ];
    let producer = ["mnist-cnn", about.version];
    let graph = parts.into_message("network");
    Ok(model(producer, &about_images, &graph, OPERATORS, &properties).into_bytes())
}

/// A list of texts in JSON.
fn json_list(texts: &[String]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| json_text(text)).collect();
    format!("[{}]", quoted.join(", "))
}

fn json_text(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
#[path = "onnx_tests.rs"]
mod tests;
