//! How fast the program is: against others, against itself before, and against its own bare steps.

pub(crate) mod bench;
mod contender;
pub(crate) mod epoch;
pub(crate) mod profiles;
pub(crate) mod test_time;
