//! The dense layer, in which each output is a weighted sum of all inputs plus a bias.

pub(crate) mod backward;
pub(crate) mod forward;
