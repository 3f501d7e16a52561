//! A whole model in one file: the network, its weights, what its answers mean, and how far they can be believed.
//!
//! It is a safetensors file whose metadata has a single entry, `model`, with JSON. The tensors are those of
//! `weights.safetensors`, so any reader of safetensors can also take the weights out of it. Equal models give equal
//! bytes.

pub mod builtin;
pub mod description;

use safetensors::tensor::SafeTensors;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::architecture::{Architecture, ShapeError};
use crate::config::ModelConfig;
use crate::tensors::{LARGEST_FILE, NamedTensors, TensorsError};
use crate::thresholds::Thresholds;

/// The version of the format that this program writes, the only one so far.
const VERSION: u32 = 1;
/// The name of the entry of the metadata.
const ENTRY: &str = "model";
/// Most classes of a model, and most characters of a text.
const MOST_CLASSES: usize = 256;
const LONGEST_TEXT: usize = 1000;
/// Largest height and width of an image, in pixels.
const LARGEST_SIDE: usize = 256;

/// A model with all that is needed to predict with it.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelFile {
    /// What a person would call the model.
    pub title: String,
    pub architecture: Architecture,
    /// The name of each class, in the order of the logits.
    pub classes: Vec<String>,
    /// How an image becomes the network's input, such as `ink`.
    pub preparation: String,
    /// `None` if no validation images have decided them.
    pub thresholds: Option<Thresholds>,
    pub source: ModelSource,
    pub weights: NamedTensors,
}

/// Where a model comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ModelSource {
    /// The name of the run that trained it.
    pub run: String,
    /// The version of the program that trained it.
    pub version: String,
    /// The data set that it was trained on.
    pub dataset: String,
    /// SHA-256 of the run's `weights.safetensors`, in hexadecimal.
    pub weights_sha256: String,
}

/// Why bytes are not a model.
#[derive(Debug, Error)]
pub enum ModelFileError {
    #[error("the file has {0} bytes or more, expected at most {LARGEST_FILE}")]
    Large(u64),
    #[error(
        "not a model file: its metadata has no entry `{ENTRY}`; the weights alone do not say what their network is"
    )]
    NotAModel,
    #[error("the model file has format version {found}, expected {VERSION}; it is of a newer program")]
    Version { found: u64 },
    #[error("the metadata of the model file cannot be read: {0}")]
    Header(String),
    #[error("the model file: {0}")]
    Value(String),
    #[error("the model file describes a network that cannot exist")]
    Network(#[from] ShapeError),
    #[error(transparent)]
    Tensors(#[from] TensorsError),
}

/// The metadata, as JSON.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    version: u32,
    title: String,
    model: ModelConfig,
    /// Channels, height and width of an image.
    input: [usize; 3],
    classes: Vec<String>,
    preparation: String,
    thresholds: Option<Thresholds>,
    source: ModelSource,
}

impl ModelFile {
    /// The file's bytes.
    ///
    /// # Errors
    /// If the parts do not fit each other, as [`ModelFile::from_bytes`] checks them.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ModelFileError> {
        self.check()?;
        let input = self.architecture.input();
        let header = Header {
            version: VERSION,
            title: self.title.clone(),
            model: self.architecture.config().clone(),
            input: [input.channels, input.height, input.width],
            classes: self.classes.clone(),
            preparation: self.preparation.clone(),
            thresholds: self.thresholds,
            source: self.source.clone(),
        };
        let json =
            serde_json::to_string(&header).map_err(|error| ModelFileError::Header(error.to_string()))?;
        let bytes = self.weights.to_bytes_with((ENTRY, &json))?;
        match bytes.len() as u64 {
            length if length > LARGEST_FILE => Err(ModelFileError::Large(length)),
            _ => Ok(bytes),
        }
    }

    /// Reads the bytes of a file.
    ///
    /// # Errors
    /// If the bytes are not a model, or its parts do not fit each other.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelFileError> {
        if bytes.len() as u64 > LARGEST_FILE {
            return Err(ModelFileError::Large(bytes.len() as u64));
        }
        let header = read_header(bytes)?;
        let model = Self {
            title: header.title,
            architecture: Architecture::new(&header.model, header.input, header.classes.len())?,
            classes: header.classes,
            preparation: header.preparation,
            thresholds: header.thresholds,
            source: header.source,
            weights: NamedTensors::from_bytes(bytes)?,
        };
        model.check()?;
        Ok(model)
    }

    fn check(&self) -> Result<(), ModelFileError> {
        let value = ModelFileError::Value;
        check_classes(&self.classes).map_err(value)?;
        let (named, known) = (self.classes.len(), self.architecture.classes());
        if named != known {
            return Err(value(format!("{named} classes have names, expected {known}")));
        }
        let input = self.architecture.input();
        let is_possible = [input.height, input.width].iter().all(|side| (1..=LARGEST_SIDE).contains(side));
        if !is_possible || input.channels != 1 {
            let found = format!("{}x{}x{}", input.channels, input.height, input.width);
            return Err(value(format!(
                "images of {found}, expected 1x1x1 to 1x{LARGEST_SIDE}x{LARGEST_SIDE}"
            )));
        }
        let ModelSource { run, version, dataset, weights_sha256 } = &self.source;
        for (key, text) in [
            ("title", &self.title),
            ("preparation", &self.preparation),
            ("run", run),
            ("version", version),
            ("dataset", dataset),
            ("weights_sha256", weights_sha256),
        ] {
            check_text(key, text).map_err(value)?;
        }
        self.thresholds.map_or(Ok(()), |thresholds| thresholds.check()).map_err(value)?;
        // A few kilobytes can describe a network whose feature maps fill the memory.
        let bytes = self.architecture.memory().prediction_image;
        if bytes > LARGEST_FILE {
            return Err(value(format!(
                "an image takes {bytes} bytes of memory, expected at most {LARGEST_FILE}"
            )));
        }
        Ok(self.architecture.check(&self.weights)?)
    }
}

fn read_header(bytes: &[u8]) -> Result<Header, ModelFileError> {
    #[derive(Deserialize)]
    struct AnyVersion {
        version: u64,
    }
    let (_length, metadata) = SafeTensors::read_metadata(bytes)
        .map_err(|error| TensorsError::Format { reason: error.to_string() })?;
    let entries = metadata.metadata().as_ref();
    let json = entries.and_then(|entries| entries.get(ENTRY)).ok_or(ModelFileError::NotAModel)?;
    let unreadable = |error: serde_json::Error| ModelFileError::Header(error.to_string());
    // A newer version may have other keys, so it is read first.
    let AnyVersion { version } = serde_json::from_str(json).map_err(unreadable)?;
    if version != u64::from(VERSION) {
        return Err(ModelFileError::Version { found: version });
    }
    serde_json::from_str(json).map_err(unreadable)
}

/// Refuses classes that a person could not tell apart.
fn check_classes(classes: &[String]) -> Result<(), String> {
    if !(1..=MOST_CLASSES).contains(&classes.len()) {
        return Err(format!("{} classes, expected 1 to {MOST_CLASSES}", classes.len()));
    }
    for (i, class) in classes.iter().enumerate() {
        check_text("class", class)?;
        if class.is_empty() || classes[..i].contains(class) {
            return Err(format!("class {class:?}: expected a name that no other class has"));
        }
    }
    Ok(())
}

/// Refuses a text that would disturb a terminal or a page.
fn check_text(key: &str, text: &str) -> Result<(), String> {
    if text.chars().any(char::is_control) {
        return Err(format!("{key} {text:?}: expected a text without control characters"));
    }
    if text.len() > LONGEST_TEXT {
        return Err(format!("{key} of {} bytes, expected at most {LONGEST_TEXT}", text.len()));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
