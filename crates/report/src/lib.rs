//! What is told of a run, beyond numbers in a terminal.

pub mod tensorboard;
