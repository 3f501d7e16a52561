//! What a command opens before it works, and what it says of it: a run, its data, a device.

pub(crate) mod checks;
pub(crate) mod device;
pub(crate) mod disk_limits;
pub(crate) mod find;
pub(crate) mod model;
pub(crate) mod run_data;
pub(crate) mod team;
pub(crate) mod weights_file;
