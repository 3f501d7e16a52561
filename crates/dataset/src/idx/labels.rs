//! Labels as bytes.

use crate::idx::error::IdxError;

/// Class numbers, each below the number of classes that they were made with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels(Vec<u8>);

impl Labels {
    /// # Errors
    /// If a label is not below `classes`.
    pub fn new(labels: Vec<u8>, classes: usize) -> Result<Self, IdxError> {
        let labels = Self(labels);
        labels.expect_below(classes)?;
        Ok(labels)
    }

    /// # Errors
    /// If a label is not below `classes`.
    pub(crate) fn expect_below(&self, classes: usize) -> Result<(), IdxError> {
        match self.0.iter().position(|&label| usize::from(label) >= classes) {
            Some(position) => Err(IdxError::Label { found: self.0[position], position, classes }),
            None => Ok(()),
        }
    }

    /// `[n]`
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }

    /// Number of labels.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
