//! The pages that people see: a run's report, and the page that reads digits.

pub(crate) mod debian;
pub(crate) mod page_test;
pub(crate) mod report;
pub(crate) mod site;
