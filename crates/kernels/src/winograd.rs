//! Winograd's minimal filtering: the parts that all convolutions share.

pub(crate) mod points;
