//! Augmentation: images are turned, moved, bent and damaged at random before the network learns from them.
//!
//! The network then sees an image in another shape in each epoch, and learns what does not change its class
//! (Simard, Steinkraus and Platt, "Best Practices for Convolutional Neural Networks", 2003). Only a
//! [`TrainSet`](crate::TrainSet) can be augmented.
//!
//! Ones and sevens may get another stroke, and the stroke width changes. Then one bilinear resampling takes each
//! pixel from where the affine map and the elastic deformation together say, so an image is blurred once at most. Erasing comes last.
//! The arithmetic has one order and no function of the platform's, so the same numbers of the generator give
//! the same bytes everywhere.

mod augmenter;
mod continental;
mod draw;
mod elastic;
mod erase;
mod map;
mod outlier;
mod pen;
mod ranges;
mod resample;
mod stroke;

pub use augmenter::Augmenter;
pub use outlier::outlier;
pub use ranges::Augmentation;

#[cfg(test)]
mod tests;
