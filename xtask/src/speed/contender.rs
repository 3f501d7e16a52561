//! A program that answers timing questions, one line each, so that several can be timed in turn.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::command::say;

/// A running program that reads questions such as `step TIMES` and `infer BATCH TIMES` and answers each with a line of
/// JSON, here `{"ms": [...]}`.
pub(crate) struct Contender {
    pub name: String,
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
    /// Whether it can be asked for training steps.
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
        let answers = BufReader::new(child.stdout.take().context("a pipe from the program")?);
        Ok(Self { name: name.to_owned(), child, questions, answers, trains: name != "onnxruntime" })
    }

    /// Milliseconds of each time that the question asked for.
    pub(crate) fn ask(&mut self, question: &str) -> Result<Vec<f64>> {
        let answer = self.answer(question)?;
        let ms = answer["ms"].as_array().with_context(|| format!("{} answered {answer}", self.name))?;
        Ok(ms.iter().filter_map(Value::as_f64).collect())
    }

    /// The answer to a question, whatever it is about.
    pub(crate) fn answer(&mut self, question: &str) -> Result<Value> {
        let name = &self.name;
        writeln!(self.questions, "{question}").with_context(|| format!("{name} has ended"))?;
        self.questions.flush()?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        serde_json::from_str(&line).with_context(|| format!("{name} answered {line:?} to {question:?}"))
    }

    /// The largest memory that the program has taken so far, in bytes, where the system tells it.
    pub(crate) fn peak_memory(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
        Some(1024 * kilobytes)
    }
}

impl Drop for Contender {
    fn drop(&mut self) {
        // It is in the middle of a run and waits for the next question, which never comes.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
