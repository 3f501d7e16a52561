//! What reading an image hands out.

use crate::Bounds;

/// What a network thinks of one image.
#[derive(Clone, Debug, PartialEq)]
pub struct Scores {
    /// One a class; together 1.
    pub probabilities: Vec<f32>,
    /// The logarithm of the sum of the logits' exponentials: high for what looks like the training data.
    pub energy: f32,
}

impl Scores {
    /// The class of the largest probability, the first of equals; none without classes.
    pub fn class(&self) -> Option<usize> {
        let largest = self.largest();
        self.probabilities.iter().position(|&probability| probability == largest)
    }

    /// The largest probability, 0 without classes.
    pub fn largest(&self) -> f32 {
        self.probabilities.iter().copied().fold(0.0, f32::max)
    }
}

/// One digit of an image.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Where it stands, in pixels of the original image.
    pub bounds: Bounds,
    /// What the network saw, `[size, size]`.
    pub pixels: Vec<u8>,
    /// What the network thinks of it.
    pub scores: Scores,
}

/// Digits beside each other, from left to right; at least one.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub items: Vec<Item>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_class_is_the_first_of_the_largest_probabilities() {
        let scores = Scores { probabilities: vec![0.1, 0.4, 0.4, 0.1], energy: 1.0 };
        assert_eq!((scores.class(), scores.largest()), (Some(1), 0.4));
        assert_eq!(Scores { probabilities: Vec::new(), energy: 0.0 }.class(), None);
    }
}
