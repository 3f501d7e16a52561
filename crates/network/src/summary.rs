//! What a network costs: its table of layers, its weights and connections, its memory, and what has no kernel.

pub mod connections;
pub mod layer_table;
pub mod memory;
mod ways;
