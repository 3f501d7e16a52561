//! Evaluation: a network's logits for a set of images, and metrics that are computed from them.

pub mod calibration;
pub mod comparison;
pub mod evaluation;
pub mod logits;
pub mod mistakes;
pub mod occlusion;
pub mod predict;
pub mod predictions_csv;
pub mod probabilities;
pub mod score;
pub mod spread;
pub mod thresholds;
