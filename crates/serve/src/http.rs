//! The protocol, and what keeps clients from harm that they do to each other, to the server, or to a person's browser.

pub(crate) mod body;
pub(crate) mod connection;
pub(crate) mod frame;
pub(crate) mod headers;
pub(crate) mod held;
pub(crate) mod hosts;
pub(crate) mod origins;
pub(crate) mod visitors;
mod wire;
