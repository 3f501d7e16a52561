//! Runs the binary in an empty folder.

use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;
use tempfile::TempDir;

/// An empty folder in which the program runs: no workspace around it, no data, no runs.
pub(crate) struct Sandbox(TempDir);

/// A network so small that every backend trains it in seconds, on the built-in sample.
pub(crate) const SMALL: [&str; 5] = [
    "data.dataset=sample",
    "model.units=[{filters=8, kernel_size=3}, {filters=16, kernel_size=3}]",
    "train.epochs=6",
    "train.batch_size=32",
    "train.learning_rate=0.01",
];

/// The commands that run a network.
const NETWORK_COMMANDS: [&str; 6] = ["train", "test", "inspect", "bench", "import", "sweep run"];

/// The arguments; without a backend among them, `MNIST_CNN_TEST_BACKEND` adds one.
fn on_backend(arguments: &[&str]) -> Vec<String> {
    let mut words: Vec<String> = arguments.iter().map(|&word| word.to_owned()).collect();
    // How many words name the command: `train` has one, `sweep run` has two.
    let name = (1..=2).find(|&count| {
        arguments.get(..count).is_some_and(|name| NETWORK_COMMANDS.contains(&name.join(" ").as_str()))
    });
    if let Ok(backend) = std::env::var("MNIST_CNN_TEST_BACKEND")
        && let Some(name) = name
        && !arguments.contains(&"--backend")
    {
        // Right behind the name, because tests may add a value for the last argument.
        words.splice(name..name, ["--backend".to_owned(), backend]);
    }
    words
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> ProgramOutput {
        ProgramOutput::new(self.command(arguments).output().unwrap())
    }

    /// A call of the program in the folder, without the environment's variables for data and Cargo.
    pub(crate) fn process(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_mnist-cnn"));
        command.current_dir(self.path()).args(on_backend(arguments));
        for name in ["MNIST_CNN_DATA", "MNIST_CNN_MIRROR", "CARGO"] {
            command.env_remove(name);
        }
        // Outside the workspace, data sets are kept in the user's data directory.
        command.env("XDG_DATA_HOME", self.path().join("user"));
        command
    }

    /// The same call, for tests that write to its standard input or take its output.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        Command::from_std(self.process(arguments))
    }

    /// Trains the small network; `more` are further arguments.
    pub(crate) fn train(&self, more: &[&str]) -> ProgramOutput {
        let sets = SMALL.iter().flat_map(|assignment| ["--set", assignment]);
        let arguments: Vec<&str> = ["train"].into_iter().chain(sets).chain(more.iter().copied()).collect();
        self.run(&arguments)
    }

    /// The folder of a finished run's best checkpoint, which the newest checkpoint names.
    pub(crate) fn best(&self, run: &str) -> PathBuf {
        let newest = self.checkpoints(run).pop().unwrap();
        let state = std::fs::read_to_string(newest.join("state.toml")).unwrap();
        let best = state.split_once("[best]").unwrap().1;
        let step = best.lines().find_map(|line| line.strip_prefix("step = ")).unwrap();
        newest.with_file_name(format!("step-{:08}", step.parse::<usize>().unwrap()))
    }

    /// The folders of a run's checkpoints, oldest first.
    pub(crate) fn checkpoints(&self, run: &str) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.path().join(run).join("checkpoints")).unwrap();
        let mut folders: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        folders.sort();
        folders
    }

    /// Whether the folder has this file.
    pub(crate) fn has(&self, file: &str) -> bool {
        self.path().join(file).is_file()
    }

    pub(crate) fn json(&self, file: &str) -> serde_json::Value {
        serde_json::from_slice(&std::fs::read(self.path().join(file)).unwrap()).unwrap()
    }
}

/// The exit code of the program, and what it printed.
pub(crate) struct ProgramOutput {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl ProgramOutput {
    pub(crate) fn new(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Asserts that the program succeeded.
    pub(crate) fn done(self) -> Self {
        assert_eq!(self.code, 0, "{}", self.stderr);
        self
    }

    /// Asserts an error with this exit code and all of these words, and that nothing was printed as a result.
    pub(crate) fn fails(self, code: i32, says: &[&str]) {
        assert_eq!(self.code, code, "{}", self.stderr);
        for words in says {
            assert!(self.stderr.contains(words), "expected «{words}» in: {}", self.stderr);
        }
        assert!(!self.stderr.contains("panicked") && !self.stderr.contains("a bug in"), "{}", self.stderr);
        assert!(self.stdout.is_empty(), "{}", self.stdout);
    }
}
