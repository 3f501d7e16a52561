//! What follows a convolution: batch normalization, a shortcut, an activation, pooling and dropout, in as few
//! passes over the memory as the order of these stages allows.

pub(crate) mod add;
pub(crate) mod backward;
mod bands;
mod chain;
pub(crate) mod dropout;
pub(crate) mod fold;
pub(crate) mod forward;
mod lanes;
mod pooling;
pub(crate) mod shape;
pub(crate) mod statistics;
