//! Runs a program that times what it is asked for, a line each, so that several programs can be timed in
//! turn.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::command::say;

/// A running program that reads `step TIMES` or `infer BATCH TIMES` and prints `{"ms": [...]}`.
pub(crate) struct Contender {
    pub name: String,
    child: Child,
    questions: ChildStdin,
    replies: BufReader<ChildStdout>,
    /// Whether it can time training steps.
    pub trains: bool,
}

impl Contender {
    pub(crate) fn start(
        root: &Path,
        name: &str,
        program: &str,
        arguments: &[&str],
        threads: usize,
    ) -> Result<Self> {
        say(&format!("starting {name}"));
        let mut child = Command::new(program)
            .args(arguments)
            .current_dir(root)
            .env("RAYON_NUM_THREADS", threads.to_string())
            .env("OMP_NUM_THREADS", threads.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("{name}: {program} could not be started"))?;
        let questions = child.stdin.take().context("a pipe to the program")?;
        let replies = BufReader::new(child.stdout.take().context("a pipe from the program")?);
        Ok(Self { name: name.to_owned(), child, questions, replies, trains: name != "onnxruntime" })
    }

    /// Sends a question, and returns the milliseconds of each repetition.
    pub(crate) fn ask(&mut self, question: &str) -> Result<Vec<f64>> {
        let name = &self.name;
        writeln!(self.questions, "{question}").with_context(|| format!("{name} has ended"))?;
        self.questions.flush()?;
        let mut line = String::new();
        self.replies.read_line(&mut line)?;
        let reply: Value = serde_json::from_str(&line)
            .with_context(|| format!("{name} replied {line:?} to {question:?}"))?;
        let ms = reply["ms"].as_array().with_context(|| format!("{name} replied {line:?}"))?;
        Ok(ms.iter().filter_map(Value::as_f64).collect())
    }
}

impl Drop for Contender {
    fn drop(&mut self) {
        // The program may wait for a question in the middle of a run, and nothing of it is needed any more.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
