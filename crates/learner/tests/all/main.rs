//! The learner's tests, as one program: linking Burn once is enough.

mod backends;
mod learning;
mod memory;
mod xor;
