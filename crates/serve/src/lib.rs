//! An HTTP server that reads images with one model: a page, an API, and what an operator watches.
//!
//! One thread waits for all connections. A second one computes: it takes all small images that wait as one batch, for
//! which the kernels use every processor. A few more decode large images, so that a photo delays no drawing. Nothing is
//! kept from one request to the next, so any number of servers can stand beside each other.
#![cfg(feature = "server")]

mod app;
mod check;
mod compute;
mod failure;
mod http;
mod log;
mod metrics;
mod model;
mod routes;
mod server;
mod settings;
mod site;

pub use check::{CheckError, check};
pub use log::{Access, Sink};
pub use model::{Model, ModelError};
pub use server::{ServeError, Server};
pub use settings::{Limits, Settings};
