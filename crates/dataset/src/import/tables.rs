//! Files that hold many images with numbers for labels: IDX, CSV, and NumPy's npz.

pub mod csv;
pub mod idx;
pub mod npy;
pub mod npz;
pub mod table;

pub use table::{Fault, Table, Unit};
