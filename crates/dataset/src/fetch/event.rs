//! What happens while files are fetched, for front ends that show it.

use std::fmt;
use std::path::PathBuf;

/// A step on the way of a data set's files to their folder.
///
/// It is displayed as one line without colours. Lines about a source follow its own line and are indented.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FetchEvent {
    /// A source is tried next.
    Source { title: &'static str, source: String },
    /// `done` of `total` bytes of a file have arrived. The bytes are those that travel, which are usually
    /// compressed.
    Progress { file: &'static str, done: u64, total: u64 },
    /// A source did not have the files.
    SourceFailed { source: String, reason: String },
    /// A file was verified and is in its place.
    Stored { path: PathBuf, bytes: u64 },
}

impl fmt::Display for FetchEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source { title, source } => write!(f, "fetching {title} from {source}"),
            Self::Progress { file, done, total } => write!(f, "  {file}: {done} of {total} bytes"),
            // The further lines of a reason are in the error that follows if no source has the files.
            Self::SourceFailed { reason, .. } => {
                write!(f, "  not there: {}", reason.lines().next().unwrap_or_default())
            }
            Self::Stored { path, bytes } => write!(f, "  {} ({bytes} bytes, verified)", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_is_one_line_that_names_what_it_is_about() {
        let source = || "http://teacher:8000/mnist/".to_owned();
        let lines = [
            FetchEvent::Source { title: "MNIST", source: source() },
            FetchEvent::Progress { file: "train-labels-idx1-ubyte", done: 20, total: 28_881 },
            FetchEvent::SourceFailed { source: source(), reason: "no answer\n    more".to_owned() },
            FetchEvent::Stored { path: PathBuf::from("data/mnist/file"), bytes: 60_008 },
        ]
        .map(|event| event.to_string());
        assert_eq!(
            lines,
            [
                "fetching MNIST from http://teacher:8000/mnist/",
                "  train-labels-idx1-ubyte: 20 of 28881 bytes",
                "  not there: no answer",
                "  data/mnist/file (60008 bytes, verified)",
            ]
        );
    }
}
