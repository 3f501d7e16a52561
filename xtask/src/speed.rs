//! Measures how fast the program is: against other libraries, earlier versions, and its own steps alone.

pub(crate) mod bench;
mod contender;
pub(crate) mod epoch;
pub(crate) mod profiles;
pub(crate) mod test_time;
