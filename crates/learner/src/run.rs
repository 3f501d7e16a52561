//! Runs, each of which is a folder: how a run is begun, resumed, found and tested, and how its folder is
//! protected against other processes and crashes.
//!
//! A program uses the parts in this order: [`data`] fetches and loads the images, [`RunLock`] locks a folder,
//! [`training`] trains a run there, [`find`] finds and opens a run, and [`evaluating`] tests it.

mod begin;
mod best_model;
pub mod data;
mod error;
pub mod evaluating;
pub mod find;
mod folder;
mod lock;
mod machine;
mod run_dir;
mod seeds_dir;
pub mod store;

pub use begin::{importing, initial, kept_epochs, recorder, together, training};
pub use best_model::BestModel;
pub use error::{RunDirError, Unwritten};
pub(crate) use folder::{Folder, io_error};
pub use folder::{now, write_json_result, write_result};
pub use lock::RunLock;
pub use machine::hardware;
pub(crate) use machine::text_of;
pub use run_dir::{NotedTest, RunDir};
pub use seeds_dir::{MissingRun, SeedModels, SeedsDir, plan_seeds};
pub use store::limits::DiskLimit;
