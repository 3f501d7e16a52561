//! Tells the user what to type when something is missing or wrong.
//!
//! The libraries' errors say what was found and what was expected. They do not know this program, so
//! the command that helps is added here.

use std::error::Error;
use std::fmt;
use std::path::Path;

use dataset::catalog::Entry;
use dataset::fetch::FetchError;
use dataset::load::LoadError;
use dataset::sets::division::SplitError;
use dataset::{DescriptionError, Name};
use learner::checks::memory::TooLarge;
use learner::config::ConfigError;
use learner::run::RunDirError;
use learner::run::evaluating::EvaluateError;
use learner::run::initial::InitialError;
use learner::run::training::TrainError;
use model::device::{Backend, DeviceError};
use network::import::ImportError;

use crate::paths::{build_command, command, quoted};

mod run_dir;

/// Context of an error that ended a run which can be resumed.
#[derive(Debug)]
pub(crate) struct Resumable {
    /// What is kept of the run.
    pub(crate) kept: String,
    /// The command that resumes it.
    pub(crate) command: String,
}

impl fmt::Display for Resumable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kept)
    }
}

/// Context of an error about a file that can be written to another place.
#[derive(Debug)]
pub(crate) struct Elsewhere {
    /// What could not be written.
    pub(crate) failed: String,
    /// The command that writes it to another place.
    pub(crate) command: String,
}

impl fmt::Display for Elsewhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.failed)
    }
}

/// One line that says what to type, or `None` if no command or argument would help with this error.
pub(crate) fn of(error: &anyhow::Error) -> Option<String> {
    if let Some(resumable) = error.downcast_ref::<Resumable>() {
        return Some(format!("when there is room again, resume with: {}", resumable.command));
    }
    if let Some(elsewhere) = error.downcast_ref::<Elsewhere>() {
        return Some(format!("write it to another place with: {}", elsewhere.command));
    }
    error.chain().find_map(|cause| {
        of_data(cause)
            .or_else(|| of_device(cause))
            .or_else(|| of_memory(cause))
            .or_else(|| of_config(cause))
            .or_else(|| of_layout(cause))
            .or_else(|| run_dir::of(run_dir_error(cause)?))
    })
}

fn of_data(cause: &(dyn Error + 'static)) -> Option<String> {
    match cause.downcast_ref()? {
        dataset::Error::Fetch(error) => Some(of_fetch(error)),
        dataset::Error::Load(error) => of_load(error),
        dataset::Error::Split(error) => Some(of_split(error)),
        dataset::Error::Description(error) => of_description(error),
        dataset::Error::Import(_) => None,
        dataset::Error::Changed { .. } => Some(
            "import it again as it was, or train a new run; a model is tested on other images with: test --data NAME"
                .to_owned(),
        ),
        dataset::Error::Unverified { name, dir, wrong: 0, .. } => Some(fetch(*name, dir)),
        dataset::Error::Unverified { name, dir, .. } => Some(fetch_again(*name, dir)),
    }
}

/// This cause as an error of a run's folder. Some errors wrap one and show its text as their own.
pub(crate) fn run_dir_error<'a>(cause: &'a (dyn Error + 'static)) -> Option<&'a RunDirError> {
    if let Some(TrainError::RunDir(error) | TrainError::Evaluate(EvaluateError::RunDir(error))) =
        cause.downcast_ref()
    {
        return Some(error);
    }
    if let Some(EvaluateError::RunDir(error)) = cause.downcast_ref() {
        return Some(error);
    }
    if let Some(InitialError::RunDir(error)) = cause.downcast_ref() {
        return Some(error);
    }
    cause.downcast_ref()
}

fn of_config(cause: &(dyn Error + 'static)) -> Option<String> {
    match cause.downcast_ref()? {
        ConfigError::Data { name, is_unknown: true, .. } => Some(of_unknown(*name)),
        ConfigError::Resume { .. } => {
            Some(format!("a new run can begin with this one's weights: {}", command("train --init RUN")))
        }
        _ => None,
    }
}

fn of_layout(cause: &(dyn Error + 'static)) -> Option<String> {
    let ImportError::Square { .. } = cause.downcast_ref()? else { return None };
    Some("say who wrote the file with: --layout pytorch, or own".to_owned())
}

fn of_memory(cause: &(dyn Error + 'static)) -> Option<String> {
    let TooLarge { largest, .. } = cause.downcast_ref()?;
    Some(match largest {
        Some(largest) => {
            format!("choose it with: --set train.batch_size={largest}, or go on all the same with: --force")
        }
        None => "go on all the same with: --force".to_owned(),
    })
}

fn of_device(cause: &(dyn Error + 'static)) -> Option<String> {
    let feature = match cause.downcast_ref()? {
        DeviceError::NotCompiled(backend) => backend.name(),
        DeviceError::NoBackend => Backend::Ndarray.name(),
        DeviceError::NoAdapter | DeviceError::Adapter(_) => {
            return Some("choose a CPU backend with: --backend ndarray, or flex".to_owned());
        }
        DeviceError::Level(_) => return None,
    };
    Some(format!("build it in with: {}", build_command(feature)))
}

fn of_fetch(error: &FetchError) -> String {
    match error {
        FetchError::NoSource { entry, dir, .. } => {
            let files: Vec<&str> = entry.files().iter().map(|file| &*file.name).collect();
            format!(
                "to add them by hand, put {} into a folder, packed with gzip or not, and type: {}",
                files.join(", "),
                download(entry.name(), dir, " --from FOLDER")
            )
        }
        FetchError::Missing { name, dir, .. } => again(*name, dir),
        FetchError::Description(error) => of_description(error).unwrap_or_default(),
        FetchError::Wrong { name, dir, .. } if Entry::of(*name).is_none() => again(*name, dir),
        FetchError::Wrong { name, dir, .. } => {
            format!("delete the file, or replace it with: {}", download(*name, dir, " --force"))
        }
        FetchError::Blocked(_) => {
            "remove what is in the way, or choose another folder with --data-dir or MNIST_CNN_DATA".to_owned()
        }
        FetchError::Write { .. } => "choose another folder with --data-dir or MNIST_CNN_DATA".to_owned(),
    }
}

fn of_load(error: &LoadError) -> Option<String> {
    match error {
        LoadError::Io { name, dir, .. } => Some(fetch(*name, dir)),
        LoadError::Mismatch { name, dir, .. } => Some(fetch_again(*name, dir)),
        LoadError::Description(error) => of_description(error),
        LoadError::Idx { .. } | LoadError::Size { .. } | LoadError::Sample(_) | LoadError::Set(_) => None,
    }
}

fn of_split(error: &SplitError) -> String {
    match error {
        SplitError::Empty { .. } | SplitError::EmptyAt { .. } => {
            "choose another share with: --set data.validation_fraction=SHARE".to_owned()
        }
        SplitError::Limit { .. } => "choose another number with: --set data.train_limit=NUMBER".to_owned(),
    }
}

fn of_description(error: &DescriptionError) -> Option<String> {
    match error {
        DescriptionError::Unknown(unknown) => Some(of_unknown(unknown.name)),
        DescriptionError::Text { .. } | DescriptionError::Invalid { .. } => {
            Some("mend this file, or delete its folder and import the images again".to_owned())
        }
        DescriptionError::Io { .. } | DescriptionError::Newer { .. } => None,
    }
}

/// What to type where there is no data set of this name.
fn of_unknown(name: Name) -> String {
    let list = command("data list");
    let import = command(&format!("data import --name {name} --from FOLDER"));
    format!("see what there is with: {list}, or make it from your own images with: {import}")
}

/// What brings the files of a data set of one's own back, which no place offers.
fn again(name: Name, dir: &Path) -> String {
    let import = format!("data import --replace --name {name} --data-dir {} --from FOLDER", quoted(dir));
    format!("bring the file back from a copy, or import the images again with: {}", command(&import))
}

fn fetch(name: Name, dir: &Path) -> String {
    if Entry::of(name).is_none() {
        return again(name, dir);
    }
    format!("download the files with: {}", download(name, dir, ""))
}

fn fetch_again(name: Name, dir: &Path) -> String {
    if Entry::of(name).is_none() {
        return again(name, dir);
    }
    format!("download the files again with: {}", download(name, dir, " --force"))
}

/// The command that downloads a data set. It names data set and folder, so that it works as it is pasted.
fn download(name: Name, dir: &Path, more: &str) -> String {
    command(&format!("data download --dataset {name} --data-dir {}{more}", quoted(dir)))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use anyhow::Context;

    use dataset::verify::Status;

    use super::*;

    /// The hint for an error of MNIST in this data directory, without the program's name.
    fn hint(error: impl FnOnce(PathBuf) -> dataset::Error, dir: &str) -> String {
        let hint = of(&error(PathBuf::from(dir)).into()).unwrap();
        hint.replace(&command(""), "")
    }

    fn unverified(missing: u32, wrong: u32) -> impl FnOnce(PathBuf) -> dataset::Error {
        move |dir| dataset::Error::Unverified {
            name: Name::MNIST,
            title: "MNIST".into(),
            dir,
            missing,
            wrong,
            all: 4,
        }
    }

    #[test]
    fn the_command_names_data_set_and_folder() {
        for (dir, written) in [("/a/b", "/a/b"), ("my data", "'my data'"), (".", ".")] {
            let command = format!("data download --dataset mnist --data-dir {written}");
            assert_eq!(hint(unverified(4, 0), dir), format!("download the files with: {command}"));
            let again = format!("download the files again with: {command} --force");
            assert_eq!(hint(unverified(1, 2), dir), again);
        }
    }

    #[test]
    fn each_error_of_the_data_set_has_its_hint() {
        let (entry, path) = (Entry::FashionMnist, PathBuf::from("d/file"));
        let name = entry.name();
        let no_source = hint(|dir| FetchError::NoSource { entry, dir, attempts: Vec::new() }.into(), "d");
        assert!(entry.files().iter().all(|file| no_source.contains(&*file.name)), "{no_source}");
        let command = "data download --dataset fashion-mnist --data-dir d";
        assert!(no_source.ends_with(&format!("{command} --from FOLDER")), "{no_source}");
        let wrong =
            |dir| FetchError::Wrong { name, dir, path: path.clone(), status: Box::new(Status::Ok) }.into();
        assert!(hint(wrong, "d").ends_with(&format!("{command} --force")));
        let write =
            |_| FetchError::Write { path: path.clone(), reason: std::io::Error::other("full") }.into();
        assert!(hint(write, "d").contains("--data-dir"));
        let io = |dir| LoadError::Io { name, dir, path: path.clone(), reason: std::io::Error::other("gone") };
        assert!(hint(|dir| io(dir).into(), "d").ends_with(command));
        let limit = |_| SplitError::Limit { wanted: 2, available: 1 }.into();
        assert!(hint(limit, "d").contains("data.train_limit"));
    }

    #[test]
    fn an_error_is_found_below_its_context_and_others_have_no_hint() {
        let error = dataset::Error::from(SplitError::EmptyAt { available: 1, train: 1 });
        assert!(of(&Err::<(), _>(error).context("the run cannot begin").unwrap_err()).is_some());
        assert_eq!(of(&anyhow::anyhow!("something else")), None);
    }
}
