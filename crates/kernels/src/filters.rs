//! Weights in the order in which the kernels read them, which may be kept from call to call.

pub(crate) mod kept;
pub(crate) mod packing;
