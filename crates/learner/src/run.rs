//! A run as a folder: what it holds, who may write there, and how a run is begun, resumed and tested.
//!
//! In the order of use: [`data`] brings the images, [`lock`] takes a folder, [`training`] trains there,
//! [`find`] opens what is there, [`evaluating`] tests it.

mod best_model;
pub mod data;
mod error;
pub mod evaluating;
pub mod find;
mod folder;
mod lock;
mod machine;
pub mod recorder;
mod run_dir;
mod seeds_dir;
pub mod store;
pub mod training;

pub use best_model::BestModel;
pub use error::RunDirError;
pub use folder::now;
pub use lock::RunLock;
pub use machine::hardware;
pub use run_dir::RunDir;
pub use seeds_dir::{SeedsDir, plan_seeds};
