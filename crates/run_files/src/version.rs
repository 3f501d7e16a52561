//! The versions of the program that wrote a run or a folder of several runs.

use serde::Deserialize;

/// The versions that `run.json` or `seeds.json` names. Everything else in the file is ignored, so that the
/// versions can be read even if a newer version of the program wrote the file in another way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Versions {
    version: String,
    #[serde(default)]
    resumed: Vec<ResumedBy>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
struct ResumedBy {
    version: String,
}

impl Versions {
    /// The newest of the versions if it is newer than `own`. A version that cannot be compared is not newer.
    pub fn newer_than(&self, own: &str) -> Option<String> {
        let all = std::iter::once(&self.version).chain(self.resumed.iter().map(|resumed| &resumed.version));
        let newest = all.filter_map(|version| Some((numbers(version)?, version))).max()?;
        (newest.0 > numbers(own)?).then(|| newest.1.clone())
    }
}

/// Major, minor and patch number of a version such as `0.10.2` or `1.0.0-beta.1`.
fn numbers(version: &str) -> Option<[u64; 3]> {
    let release = version.split(['-', '+']).next()?;
    let numbers: Vec<u64> = release.split('.').map(|number| number.parse().ok()).collect::<Option<_>>()?;
    numbers.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers_and_resumes_count() {
        let newer = |json: &str| serde_json::from_str::<Versions>(json).unwrap().newer_than("0.9.0");
        assert_eq!(newer(r#"{"version":"0.10.0","seed":"other"}"#).as_deref(), Some("0.10.0"));
        assert_eq!(newer(r#"{"version":"1.0.0-beta.2"}"#).as_deref(), Some("1.0.0-beta.2"));
        for same_or_older in ["0.9.0", "0.8.10", "", "next", "1", "1.0", "-1.0.0"] {
            assert_eq!(newer(&format!(r#"{{"version":"{same_or_older}"}}"#)), None, "{same_or_older}");
        }
        let resumed = r#"{"version":"0.1.0","resumed":[{"version":"0.11.0"},{"version":"0.9.1","step":2}]}"#;
        assert_eq!(newer(resumed).as_deref(), Some("0.11.0"));
        assert!(serde_json::from_str::<Versions>("{}").is_err());
    }
}
