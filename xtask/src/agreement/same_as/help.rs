//! Compares the flags of every command, as its help names them.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

pub(super) const CASE: &str = "help";

/// Commands, arguments and flags that only one of the two programs has.
pub(super) fn differences(before: &Path, now: &Path) -> Result<Vec<String>> {
    let (old, new) = (all(before)?, all(now)?);
    ensure!(old.len() > 20, "only {} flags were found in the help of {}", old.len(), before.display());
    let gone = old.difference(&new).map(|flag| format!("{flag}: is gone"));
    Ok(gone.chain(new.difference(&old).map(|flag| format!("{flag}: is new"))).collect())
}

/// Each command with each of its flags, arguments and possible values.
fn all(program: &Path) -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    let mut commands = vec![Vec::<String>::new()];
    while let Some(command) = commands.pop() {
        let output = Command::new(program)
            .args(&command)
            .arg("--help")
            .output()
            .with_context(|| program.display().to_string())?;
        ensure!(output.status.success(), "{} {command:?} --help failed", program.display());
        let help = read(&String::from_utf8_lossy(&output.stdout));
        let name = command.join(" ");
        found.extend(help.names.iter().map(|flag| format!("{name} {flag}").trim_start().to_owned()));
        for sub in help.commands {
            found.insert(format!("{name} {sub}").trim_start().to_owned());
            // `help` only repeats what `--help` prints.
            if sub != "help" {
                commands.push(command.iter().cloned().chain([sub]).collect());
            }
        }
    }
    Ok(found)
}

/// What a help text names.
#[derive(Default)]
struct Help {
    commands: Vec<String>,
    /// Flags with the names of their values, arguments, and possible values.
    names: BTreeSet<String>,
}

fn read(text: &str) -> Help {
    let mut help = Help::default();
    let (mut section, mut flag, mut prose) = ("", String::new(), String::new());
    for line in text.lines() {
        let words = line.trim();
        if line.ends_with(':') && !line.starts_with(' ') {
            section = line;
        } else if section == "Commands:" && line.starts_with("  ") && !line.starts_with("   ") {
            help.commands.extend(words.split(' ').next().map(str::to_owned));
        } else if is_flag(words) || section == "Arguments:" && is_argument(words) {
            help.names.extend(values(&flag, &prose));
            // Two spaces separate a flag and its values from the prose.
            let (name, rest) = words.split_once("  ").unwrap_or((words, ""));
            help.names.insert(name.to_owned());
            (flag, prose) = (name.to_owned(), rest.to_owned());
        } else if let Some(value) = words.strip_prefix("- ") {
            let value = value.split([':', ' ']).next().unwrap_or(value);
            help.names.insert(format!("{flag} {value}"));
        } else {
            // Prose may be wrapped anywhere, so its lines are joined.
            prose = format!("{prose} {words}");
        }
    }
    help.names.extend(values(&flag, &prose));
    help
}

fn is_flag(words: &str) -> bool {
    words
        .strip_prefix('-')
        .is_some_and(|rest| rest.starts_with(|c: char| c == '-' || c.is_ascii_alphabetic()))
}

fn is_argument(words: &str) -> bool {
    let name = words.strip_prefix(['<', '[']);
    name.is_some_and(|name| name.starts_with(|c: char| c.is_ascii_uppercase()))
}

/// The possible values and the default that a flag's prose names in brackets.
fn values(flag: &str, prose: &str) -> Vec<String> {
    let bracketed = |name: &str| -> Option<String> {
        let (_, rest) = prose.split_once(&format!("[{name}: "))?;
        Some(rest.split(']').next()?.to_owned())
    };
    let possible = bracketed("possible values").unwrap_or_default();
    // A default with spaces is a description and not a value.
    let default = bracketed("default").filter(|default| !default.contains(' '));
    let possible = possible.split(", ").filter(|value| !value.is_empty());
    possible
        .map(|value| format!("{flag} {value}"))
        .chain(default.map(|default| format!("{flag} = {default}")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
Train a network

Usage: mnist-cnn train [OPTIONS] <SHELL>

Commands:
  download  Download a data set, or bring
            it from a directory
  help      Print this

Arguments:
  <SHELL>  [possible values: bash, zsh]

Options:
      --set <KEY=VALUE>
          Override any key
  -p, --run-dir <DIR>  Where it is -- or was
      --split <SPLIT>  Which images [default: train] [possible values: train,
                       test]
      --backend <BACKEND>
          Where it runs

          Possible values:
          - fog:  a corruption
          - snow

          [default: auto]
  -h, --help
";

    #[test]
    fn flags_values_and_commands_are_read_and_prose_is_not() {
        let help = read(TEXT);
        assert_eq!(help.commands, ["download", "help"]);
        let expected = [
            "--backend <BACKEND>",
            "--backend <BACKEND> = auto",
            "--backend <BACKEND> fog",
            "--backend <BACKEND> snow",
            "--set <KEY=VALUE>",
            "--split <SPLIT>",
            "--split <SPLIT> = train",
            "--split <SPLIT> test",
            "--split <SPLIT> train",
            "-h, --help",
            "-p, --run-dir <DIR>",
            "<SHELL>",
            "<SHELL> bash",
            "<SHELL> zsh",
        ];
        assert_eq!(help.names.iter().map(String::as_str).collect::<Vec<_>>(), expected);
    }
}
