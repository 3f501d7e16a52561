//! The steps of `deploy/Dockerfile`, one by one, for machines without Docker: what it builds runs alone in an empty folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::command::say;
use crate::python::run_visibly;
use crate::robustness::serve::bench::Bench;
use crate::robustness::serve::client;
use crate::robustness::serve::program::Served;

/// Runs its last words in a folder, which is all that they see and which cannot be written, as a user without rights.
const INSIDE: &str = r#"set -e
mount --bind "$1" "$1"
mount -o remount,ro,bind "$1"
user=$2 folder=$1
shift 2
exec chroot --userspec="$user" "$folder" "$@""#;

pub(super) fn measure(bench: &Bench<'_>) -> Result<()> {
    let steps = Steps::read(bench.root)?;
    run_visibly(bench.root, "/bin/sh", &["-ec", &steps.build])?;
    let built = bench.root.join("target/static/mnist-cnn");
    let folder = empty_folder(bench.root)?;
    let bytes = fs::copy(&built, folder.join("mnist-cnn")).with_context(|| built.display().to_string())?;
    ensure!(!has_interpreter(&built)?, "{} needs libraries", built.display());
    say(&format!("the program without any library: {:.1} MB", bytes as f64 / 1e6));

    let mut server = Served::start_by(steps.inside(&folder, &steps.entry))?;
    let port = server.socket.port();
    let check: Vec<String> =
        steps.check.iter().map(|word| word.replace(":8080", &format!(":{port}"))).collect();
    let is_well = || -> Result<bool> {
        Ok(steps.inside(&folder, &check).stdout(Stdio::null()).stderr(Stdio::null()).status()?.success())
    };
    ensure!(is_well()?, "the health check fails");
    let local = ([127, 0, 0, 1], port).into();
    let digit = client::digits(1)?.pop().context("the sample has a digit")?;
    let answer = client::exchange(&mut client::connect(local)?, &client::post(local, "image/png", &digit))?;
    ensure!(answer.status == 200, "an image is answered with {}", answer.status);
    let memory = server.memory().unwrap_or(0);
    let (status, took) = server.end("-TERM")?;
    ensure!(status.code() == Some(143) && took < Duration::from_secs(2), "{status} after {took:?}");
    ensure!(!is_well()?, "the health check passes without a server");
    say(&format!(
        "alone in a folder that cannot be written, as user {}: it is well, it reads a digit ({memory} MiB), it ends {:.2} s after TERM",
        steps.user,
        took.as_secs_f64()
    ));
    Ok(())
}

/// What the file says of the last image, and how it is built.
struct Steps {
    build: String,
    user: String,
    entry: Vec<String>,
    check: Vec<String>,
}

impl Steps {
    fn read(root: &Path) -> Result<Self> {
        let file = root.join("deploy/Dockerfile");
        let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        // The file's comments stand between instructions, never inside one.
        let text = text.replace("\\\n", " ");
        let after = |word: &str| {
            let found = text.lines().find_map(|line| line.strip_prefix(word));
            found.map(str::trim).with_context(|| format!("{} has no {word}", file.display()))
        };
        let words = |text: &str| -> Result<Vec<String>> {
            let Some(at) = text.find('[') else { bail!("{text} is no list of words") };
            Ok(serde_json::from_str(text.get(at..).unwrap_or_default())?)
        };
        Ok(Self {
            build: after("RUN ")?.to_owned(),
            user: after("USER ")?.to_owned(),
            entry: words(after("ENTRYPOINT ")?)?,
            check: words(after("HEALTHCHECK ")?)?,
        })
    }

    fn inside(&self, folder: &Path, words: &[String]) -> Command {
        let mut command = Command::new("unshare");
        command.args(["--mount", "/bin/sh", "-c", INSIDE, "sh"]).arg(folder).arg(&self.user).args(words);
        command
    }
}

fn empty_folder(root: &Path) -> Result<PathBuf> {
    let folder = root.join("target/serve/container");
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| folder.display().to_string())?;
    }
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Whether a program names another one that loads libraries for it.
fn has_interpreter(program: &Path) -> Result<bool> {
    let headers = crate::command::output(Path::new("."), "readelf", &["-l".as_ref(), program.as_os_str()])?;
    Ok(headers.contains("INTERP"))
}
