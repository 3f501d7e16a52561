//! Finds data, runs and configuration files, and writes paths and commands for people.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use dataset::Description;
use etcetera::BaseStrategy;
use learner::Config;
use learner::config::{self, ConfigError, Describe};
use serde::Serializer;

use crate::args::{ConfigArgs, DataDirArg};

/// Whether this is the folder of the program's own workspace, which its manifest says.
fn is_workspace(folder: &Path) -> bool {
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap_or_default();
    let manifest: toml::Table = manifest.parse().unwrap_or_default();
    let own = ["metadata", "mnist-cnn"];
    own.iter().try_fold(manifest.get("workspace"), |table, key| Some(table?.get(key))).flatten().is_some()
}

/// The workspace that the current directory is in. In there, `data` and `runs` are the same folders from
/// anywhere.
fn workspace() -> Option<PathBuf> {
    env::current_dir().ok()?.ancestors().find(|folder| is_workspace(folder)).map(Path::to_owned)
}

/// The folder for data sets of all programs' users who do not have the workspace: on Linux
/// `~/.local/share/mnist-cnn`. It is `None` if the user has no home.
pub(crate) fn user_data_dir() -> Option<PathBuf> {
    Some(etcetera::choose_base_strategy().ok()?.data_dir().join("mnist-cnn"))
}

/// The data directory: `--data-dir`, else `MNIST_CNN_DATA` (clap reads both), else `data` in the workspace,
/// else the user's data directory.
pub(crate) fn data_dir(arg: &DataDirArg) -> PathBuf {
    let in_workspace = || workspace().map(|workspace| workspace.join("data"));
    let named = arg.data_dir.clone().or_else(in_workspace).or_else(user_data_dir);
    named.unwrap_or_else(|| PathBuf::from("data"))
}

/// The folder for runs that are not given a directory: `runs` in the workspace, else in the current directory.
pub(crate) fn runs_dir() -> PathBuf {
    let here = || env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
    workspace().unwrap_or_else(here).join("runs")
}

/// A path relative to the current directory, if it lies below it.
fn relative(path: &Path) -> &Path {
    let below = env::current_dir().ok().and_then(|here| path.strip_prefix(here).ok());
    match below {
        // The current directory relative to itself is an empty path.
        Some(below) if below.as_os_str().is_empty() => Path::new("."),
        Some(below) => below,
        None => path,
    }
}

/// A path for people: relative to the current directory if it lies below it.
pub(crate) fn short(path: &Path) -> String {
    relative(path).display().to_string()
}

/// Writes a path as text into JSON. Bytes that are not UTF-8 are replaced, because JSON cannot hold them.
pub(crate) fn as_text<S: Serializer>(path: impl AsRef<Path>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&path.as_ref().display())
}

/// A path as [`short`] writes it, for a command line: a shell reads it as one word, and the program reads it as
/// a path.
pub(crate) fn quoted(path: &Path) -> String {
    let path = relative(path);
    // The program would take a leading hyphen for the beginning of a flag.
    let is_like_flag = path.as_os_str().as_encoded_bytes().starts_with(b"-");
    let path = if is_like_flag { &Path::new(".").join(path) } else { path };
    let is_plain = |c: char| c.is_alphanumeric() || "/._-".contains(c);
    match path.to_str() {
        Some(text) if !text.is_empty() && text.chars().all(is_plain) => text.to_owned(),
        Some(text) if !text.chars().any(char::is_control) => format!("'{}'", text.replace('\'', "'\\''")),
        // Control characters and bytes that are not UTF-8 cannot be printed as they are.
        _ => escaped(path.as_os_str().as_encoded_bytes()),
    }
}

/// A word in the notation `$'...'` of bash and other shells.
fn escaped(bytes: &[u8]) -> String {
    let escape = |&byte: &u8| match byte {
        b'\'' | b'\\' => format!("\\{}", char::from(byte)),
        b' '..=b'~' => char::from(byte).to_string(),
        byte => format!("\\x{byte:02x}"),
    };
    format!("$'{}'", bytes.iter().map(escape).collect::<String>())
}

/// Whether Cargo started this program, as `cargo run` does.
fn is_run_by_cargo() -> bool {
    env::var_os("CARGO").is_some()
}

/// A command line that calls this program as it was called itself: through Cargo or by its name.
pub(crate) fn command(arguments: &str) -> String {
    if is_run_by_cargo() {
        format!("cargo run -p cli -- {arguments}")
    } else {
        format!("mnist-cnn {arguments}")
    }
}

/// A command line that builds this program with a feature: before it runs, or before it is installed again.
pub(crate) fn build_command(feature: &str) -> String {
    if is_run_by_cargo() {
        format!("cargo run -p cli --features {feature} -- COMMAND")
    } else {
        format!("cargo install --path crates/cli --features {feature}")
    }
}

/// Reads the configuration that the arguments name. Its data set is looked for in the data directory.
pub(crate) fn read_config(args: &ConfigArgs, place: &DataDirArg) -> anyhow::Result<Config> {
    let dir = data_dir(place);
    read_config_from(args, None, &|name| Description::of(name, &dir))
}

/// Reads the configuration file that the arguments name, or else `otherwise`, or else the default one. `describe` says
/// what its data set is.
pub(crate) fn read_config_from(
    args: &ConfigArgs,
    otherwise: Option<&Path>,
    describe: Describe<'_>,
) -> anyhow::Result<Config> {
    let (name, bytes) = match args.config.as_deref().or(otherwise) {
        None => ("the default configuration".to_owned(), Vec::new()),
        Some(path) => {
            let name = path.display().to_string();
            match fs::read(path) {
                Ok(bytes) => (name, bytes),
                Err(error) => {
                    return Err(ConfigError::Unreadable { path: name, reason: error.to_string() }.into());
                }
            }
        }
    };
    Ok(config::parse_bytes_with(&name, &bytes, &args.set, describe)?)
}

#[cfg(all(test, unix))]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::process::Command;

    use super::*;

    #[test]
    fn a_quoted_path_comes_out_of_a_shell_as_it_went_in() {
        let names: [&[u8]; 12] = [
            b"runs/run-1",
            "läufe/数字".as_bytes(),
            b"my runs",
            b"$HOME",
            b"it's",
            b"\"two\" 'three'",
            b"`date`;&|<>*?[a]{b,c}!\\ #",
            b"~",
            b"",
            b"a\nb\tc",
            b"run-\xff\xfe'\\",
            b"-p",
        ];
        for name in names {
            let path = Path::new(OsStr::from_bytes(name));
            let script = format!("printf '%s|' {}", quoted(path));
            let output = Command::new("bash").args(["-c", &script]).output().unwrap();
            // A leading hyphen is the only thing that is changed.
            let expected = [if name.starts_with(b"-") { &b"./"[..] } else { b"" }, name, b"|"].concat();
            assert_eq!(output.stdout, expected, "{script}");
        }
    }

    #[test]
    fn the_workspace_is_recognised_by_its_own_manifest() {
        let folder = tempfile::TempDir::new().unwrap();
        // Somebody else's workspace may have the same folders and files.
        fs::create_dir(folder.path().join("configs")).unwrap();
        for name in ["Cargo.lock", "Cargo.toml"] {
            fs::write(folder.path().join(name), "[workspace]\nmembers = [\"crates/*\"]\n").unwrap();
        }
        assert!(!is_workspace(folder.path()));
        let own = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
        assert!(is_workspace(own), "{}", own.display());
        assert!(!is_workspace(Path::new(env!("CARGO_MANIFEST_DIR"))));
    }
}
