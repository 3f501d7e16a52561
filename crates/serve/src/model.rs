//! The model that a server reads with.

use network::description::Description;
use network::forward::Predictor;
use network::reading::Reader;
use network::{ModelFile, TensorsError};
use prepare::{Preparation, UnknownPreparation};
use thiserror::Error;

/// A model that is ready to read, with what is told about it.
#[derive(Debug)]
pub struct Model {
    pub(crate) reader: Reader,
    pub(crate) classes: Vec<String>,
    pub(crate) description: Description,
}

/// Why a model cannot be used.
#[derive(Debug, Error)]
pub enum ModelError {
    #[error(transparent)]
    Preparation(#[from] UnknownPreparation),
    #[error(transparent)]
    Tensors(#[from] TensorsError),
}

impl Model {
    /// Makes a model ready.
    ///
    /// # Errors
    /// If it is prepared for in a way that is not known, or its weights do not fit.
    pub fn new(file: ModelFile) -> Result<Self, ModelError> {
        let description = Description::new(&file);
        let preparation: Preparation = file.preparation.parse()?;
        let predictor = Predictor::new(file.architecture, &file.weights)?;
        let reader = Reader::new(predictor, preparation, file.thresholds.unwrap_or_default());
        // The kernels pack the filters for the first image, so the first request does not wait for it.
        let [height, width] = reader.size();
        let input = vec![0; reader.predictor().architecture().input().channels * height * width];
        drop(reader.predictor().logits(&input, 1));
        Ok(Self { reader, classes: file.classes, description })
    }
}
