//! A run as a folder: what it holds, who may write there, and how it is begun, resumed and tested.

pub mod lock;
pub mod recorder;
pub mod run_dir;
pub mod seeds_dir;
pub mod store;
