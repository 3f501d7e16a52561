//! A web server's folder with a data set's files.

use std::io::Read;
use std::time::Duration;

use ureq::http::Uri;
use ureq::tls::TlsConfig;
use ureq::{Agent, Error, Proxy};

use crate::catalog::DataFile;
use crate::fetch::certificates;
use crate::verify::content::{most_packed, unpack};

/// How long a server may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Time to find a server and to connect to it. With a longer one, a machine without a network would
    /// seem to hang.
    pub(crate) connect: Duration,
    /// Time from a request to the first byte of the answer, and from there to the first byte of the file. A
    /// proxy that scans a file for viruses says nothing until it has all of it.
    pub(crate) first_byte: Duration,
    /// Bytes per second. When a source is slower, the next one is likely to be done sooner.
    pub(crate) slowest: u64,
}

pub(crate) const LIMITS: Limits =
    Limits { connect: Duration::from_secs(5), first_byte: Duration::from_secs(60), slowest: 30_000 };

/// Bytes between two reports of progress.
const CHUNK: u64 = 64 * 1024;

/// A web server's folder, from which nothing has been requested yet.
pub(crate) struct Mirror {
    agent: Agent,
    /// The address, with the slash at its end.
    folder: String,
    limits: Limits,
}

impl Mirror {
    pub(crate) fn new(folder: &str, limits: Limits) -> Self {
        // A proxy would look for an address of this machine on its own machine.
        let proxy = if is_here(folder) { None } else { Proxy::try_from_env() };
        let config = Agent::config_builder()
            .tls_config(TlsConfig::builder().root_certs(certificates::roots()).build())
            .proxy(proxy)
            .timeout_resolve(Some(limits.connect))
            .timeout_connect(Some(limits.connect))
            .timeout_recv_response(Some(limits.first_byte));
        Self { agent: config.build().into(), folder: folder.to_owned(), limits }
    }

    /// The content of a file, not packed. `progress` is called with the number of bytes that have arrived, and
    /// with the number that is expected in all.
    ///
    /// # Errors
    /// In words, if the server does not have this content.
    pub(crate) fn take(
        &self,
        file: &'static DataFile,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Vec<u8>, String> {
        self.ask(file, progress).map_err(|reason| match self.proxy() {
            Some(proxy) => format!("{reason} (through the proxy {})", masked(proxy)),
            None => reason,
        })
    }

    /// Asks for the packed file, and if the server gives anything else, for the file as it is kept: a mirror
    /// may be somebody's data directory.
    ///
    /// For a file that is not there, servers say 404, 403 (a bucket whose names are secret), 410, 500 (a
    /// script that fails), or give a page with 200. So each answer leads to the second question, and only a
    /// server that does not answer is not asked again.
    fn ask(&self, file: &'static DataFile, progress: &mut dyn FnMut(u64, u64)) -> Result<Vec<u8>, String> {
        // Where the reason is shown, the folder has been named already.
        let packed = format!("{}.gz", file.name);
        let most = most_packed(file);
        let first = match self.get(&packed, [most, file.packed_bytes], progress) {
            Ok(bytes) => match unpack(bytes, file) {
                Ok(content) => return Ok(content),
                Err(mismatch) => mismatch.to_string(),
            },
            Err(error) if is_answer(&error) => error.to_string(),
            Err(error) => return Err(format!("{packed}: {}", in_words(&error))),
        };
        let second = match self.get(&file.name, [most, file.bytes], progress) {
            Ok(bytes) => match unpack(bytes, file) {
                Ok(content) => return Ok(content),
                Err(mismatch) => mismatch.to_string(),
            },
            Err(error) => in_words(&error),
        };
        let missing = Error::StatusCode(404).to_string();
        if first == missing && second == missing {
            return Err(format!("holds neither {packed} nor {}", file.name));
        }
        Err(format!("{packed}: {first}; {}: {second}", file.name))
    }

    /// Gets what the server has under a name, but at most one byte more than `most`: that is enough to know
    /// that it is not the file. The whole body must arrive in the time that `expected` bytes may take.
    fn get(
        &self,
        name: &str,
        [most, expected]: [u64; 2],
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Vec<u8>, Error> {
        let request = self.agent.get(format!("{}{name}", self.folder));
        let request = request.config().timeout_recv_body(Some(self.time_limit(expected))).build();
        let mut response = request.call()?;
        let total = response.body().content_length().filter(|length| *length <= most).unwrap_or(expected);
        let mut body = response.body_mut().as_reader().take(most + 1);
        let mut all = Vec::new();
        while body.by_ref().take(CHUNK).read_to_end(&mut all)? > 0 {
            progress(all.len() as u64, total);
        }
        Ok(all)
    }

    /// How long a body of so many bytes may take.
    fn time_limit(&self, bytes: u64) -> Duration {
        self.limits.first_byte + Duration::from_secs(bytes / self.limits.slowest)
    }

    /// The proxy that requests go through.
    fn proxy(&self) -> Option<&Proxy> {
        let uri: Uri = self.folder.parse().ok()?;
        self.agent.config().proxy().filter(|proxy| !proxy.is_no_proxy(&uri))
    }
}

/// Whether an address is one of this machine.
fn is_here(address: &str) -> bool {
    let Ok(uri) = address.parse::<Uri>() else { return false };
    uri.host().is_some_and(|host| host == "localhost" || host == "[::1]" || host.starts_with("127."))
}

/// A proxy's address without what a person logs in with.
fn masked(proxy: &Proxy) -> String {
    let scheme = proxy.uri().scheme_str().unwrap_or("http");
    let login = if proxy.username().or(proxy.password()).is_some() { "***@" } else { "" };
    format!("{scheme}://{login}{}:{}", proxy.host(), proxy.port())
}

/// Whether the server answered, so that it will answer another question as well.
fn is_answer(error: &Error) -> bool {
    matches!(error, Error::StatusCode(_) | Error::TooManyRedirects | Error::RedirectFailed)
}

/// The error, and what it means where its own text would leave a person alone.
fn in_words(error: &Error) -> String {
    let text = error.to_string();
    if text.contains("UnknownIssuer") {
        return format!(
            "{text}: neither this program nor the system knows who signed the server's certificate; if a proxy \
             signs here, SSL_CERT_FILE can name its certificate"
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::thread;
    use std::time::Instant;

    use super::*;
    use crate::fetch::tests::fault_server::{FaultServer, MadeUp, answer, head};

    /// Limits that a test can wait for.
    fn short(first_byte: u64) -> Limits {
        Limits { first_byte: Duration::from_millis(first_byte), ..LIMITS }
    }

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
        let mirror = Mirror::new(&server.url(), short(200));
        let (began, mut arrived) = (Instant::now(), 0);
        let error = mirror.get("file", [1000; 2], &mut |done, _| arrived = done);
        assert!(error.unwrap_err().to_string().contains("timeout"));
        assert!(began.elapsed() >= Duration::from_millis(200), "given up too early");
        assert!(began.elapsed() < Duration::from_secs(5), "{arrived} bytes awaited");
    }

    /// The server says nothing until it is told to, which is after the limit of the first one who asks.
    #[test]
    fn the_first_byte_may_come_as_late_as_the_limit_says() {
        let made = MadeUp::new(vec![7; 100]);
        let whole = answer("200 OK", &made.packed);
        let server = FaultServer::start(move |_, stream| {
            thread::sleep(Duration::from_millis(400));
            stream.write_all(&whole)
        });
        let take = |limits| Mirror::new(&server.url(), limits).take(made.file, &mut |_, _| ());
        let error = take(short(50)).unwrap_err();
        assert!(error.contains("made-up.gz: timeout"), "{error}");
        assert_eq!(take(short(20_000)).unwrap(), made.content);
        assert_eq!((LIMITS.connect.as_secs(), LIMITS.first_byte.as_secs()), (5, 60));
    }

    #[test]
    fn the_time_limit_is_enough_for_the_slowest_speed() {
        let mirror = Mirror::new("http://127.0.0.1:9/", LIMITS);
        assert_eq!(mirror.time_limit(0), Duration::from_secs(60));
        assert_eq!(mirror.time_limit(9_912_422), Duration::from_secs(60 + 330));
    }

    #[test]
    fn a_proxy_is_named_without_its_password() {
        for (proxy, named) in [
            ("http://anna:secret@proxy.school:3128", "http://***@proxy.school:3128"),
            ("proxy.school", "http://proxy.school:80"),
            ("socks5://token@10.0.0.1", "socks5://***@10.0.0.1:1080"),
        ] {
            assert_eq!(masked(&Proxy::new(proxy).unwrap()), named);
        }
    }

    #[test]
    fn only_addresses_of_this_machine_go_past_a_proxy() {
        for address in
            ["http://127.0.0.1:8000/", "http://localhost/", "https://127.0.0.9/", "http://[::1]:80/"]
        {
            assert!(is_here(address), "{address}");
        }
        for address in ["http://localhost.example/", "http://teacher:8000/", "https://12.7.0.0/"] {
            assert!(!is_here(address), "{address}");
        }
    }
}
