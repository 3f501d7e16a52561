//! The arithmetic that a run was computed with, which decides its bits.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What, besides the configuration and the data, a run's bits depend on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numerics {
    /// The version of the program's arithmetic. Runs from before it was recorded are of version 1.
    pub version: u32,
    /// The vector instructions, e.g. `avx2`. There is no name for a GPU, and none in version 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// Whether a product and its sum are rounded once, by a fused multiply-add. Levels that agree in this compute
    /// the same bits. It is unknown where the level is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fused: Option<bool>,
}

impl Default for Numerics {
    /// The arithmetic of runs that do not name it.
    fn default() -> Self {
        Self { version: 1, level: None, fused: None }
    }
}

impl Numerics {
    /// Whether two runs with the same configuration compute other bits with `self` than with `other`. GPUs are not
    /// compared, because their bits differ in any case.
    pub fn differs_from(&self, other: &Self) -> bool {
        let levels_differ = self.fused.zip(other.fused).is_some_and(|(a, b)| a != b);
        self.version != other.version || levels_differ
    }
}

impl fmt::Display for Numerics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "numerics version {}", self.version)?;
        if let Some(level) = &self.level {
            write!(f, " on {level}")?;
        }
        match self.fused {
            Some(true) => write!(f, " (fused multiply-add)"),
            Some(false) => write!(f, " (no fused multiply-add)"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(version: u32, level: &str, fused: bool) -> Numerics {
        Numerics { version, level: Some(level.to_owned()), fused: Some(fused) }
    }

    #[test]
    fn the_version_and_the_multiply_add_decide_the_bits() {
        let avx2 = on(2, "avx2", true);
        assert!(!avx2.differs_from(&on(2, "avx512", true)));
        assert!(avx2.differs_from(&on(2, "portable", false)));
        assert!(avx2.differs_from(&on(3, "avx2", true)));
        assert!(avx2.differs_from(&Numerics::default()) && Numerics::default().differs_from(&avx2));
        assert!(!avx2.differs_from(&Numerics { version: 2, level: None, fused: None }));
    }

    #[test]
    fn they_are_described_as_far_as_they_are_known() {
        assert_eq!(on(2, "avx2", true).to_string(), "numerics version 2 on avx2 (fused multiply-add)");
        let portable = on(2, "portable", false).to_string();
        assert_eq!(portable, "numerics version 2 on portable (no fused multiply-add)");
        assert_eq!(Numerics::default().to_string(), "numerics version 1");
    }
}
