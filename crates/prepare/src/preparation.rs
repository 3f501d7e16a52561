//! The two ways in which an image becomes a network's input, and the words for them.

use std::{fmt, str::FromStr};

use thiserror::Error;

/// How images are made fit for a network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Preparation {
    /// Handwriting: the ink is found, cut out, scaled and centred as MNIST's digits were.
    Ink,
    /// Anything else: the image as a whole is scaled and padded.
    #[default]
    Resize,
}

/// A word that names no preparation.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("found preparation {0:?}, expected \"ink\" or \"resize\"")]
pub struct UnknownPreparation(pub String);

impl FromStr for Preparation {
    type Err = UnknownPreparation;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "ink" => Ok(Self::Ink),
            "resize" => Ok(Self::Resize),
            _ => Err(UnknownPreparation(word.into())),
        }
    }
}

impl fmt::Display for Preparation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ink => "ink",
            Self::Resize => "resize",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_preparation_is_read_from_its_own_word() {
        for preparation in [Preparation::Ink, Preparation::Resize] {
            assert_eq!(preparation.to_string().parse(), Ok(preparation));
        }
        let error = "Ink".parse::<Preparation>().unwrap_err();
        assert_eq!(error.to_string(), "found preparation \"Ink\", expected \"ink\" or \"resize\"");
    }
}
