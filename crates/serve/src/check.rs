//! Asks a server whether it is well, for health checks on machines that have no other program for it.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use thiserror::Error;

const PATIENCE: Duration = Duration::from_secs(3);
/// An answer that is longer is not one of a health check.
const LONGEST: usize = 64 << 10;

/// Why a server is not well.
#[derive(Debug, Error)]
pub enum CheckError {
    #[error("{0:?} is not an address, such as http://127.0.0.1:8080/healthz")]
    Address(String),
    #[error("{address} does not answer: {source}")]
    Unreachable { address: String, source: io::Error },
    #[error("{address} answers {status}, expected 200")]
    Status { address: String, status: String },
}

/// Asks `url`, or `/healthz` if it names no path.
///
/// # Errors
/// If there is no answer within three seconds, or one other than 200.
pub fn check(url: &str) -> Result<(), CheckError> {
    let wrong = || CheckError::Address(url.to_owned());
    let rest = url.strip_prefix("http://").ok_or_else(wrong)?;
    let (authority, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
    let path = if path == "/" { "/healthz" } else { path };
    if authority.is_empty() || url.contains(|c: char| c.is_control() || c == ' ') {
        return Err(wrong());
    }
    let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    let socket = if has_port { authority.to_owned() } else { format!("{authority}:80") };
    let unreachable = |source| CheckError::Unreachable { address: url.to_owned(), source };
    let answer = ask(&socket, authority, path).map_err(unreachable)?;
    let status = answer.split(' ').nth(1).unwrap_or("nothing of HTTP").to_owned();
    if status == "200" { Ok(()) } else { Err(CheckError::Status { address: url.to_owned(), status }) }
}

fn ask(socket: &str, authority: &str, path: &str) -> io::Result<String> {
    let deadline = Instant::now() + PATIENCE;
    let left = || match deadline.saturating_duration_since(Instant::now()) {
        Duration::ZERO => Err(io::Error::from(io::ErrorKind::TimedOut)),
        left => Ok(left),
    };
    // A name may have an address that the server does not listen on, such as ::1 beside 127.0.0.1.
    let mut connected = Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address"));
    for address in socket.to_socket_addrs()? {
        connected = TcpStream::connect_timeout(&address, left()?);
        if connected.is_ok() {
            break;
        }
    }
    let mut stream = connected?;
    stream.set_write_timeout(Some(left()?))?;
    stream.write_all(
        format!("GET {path} HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\n\r\n").as_bytes(),
    )?;
    let mut answer = Vec::new();
    let mut part = [0; 1024];
    while answer.len() < LONGEST {
        stream.set_read_timeout(Some(left()?))?;
        match stream.read(&mut part)? {
            0 => break,
            count => answer.extend_from_slice(part.get(..count).unwrap_or_default()),
        }
    }
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    #[test]
    fn a_server_that_never_ends_its_answer_is_not_waited_for() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            while stream.write_all(b"x").is_ok() {
                thread::sleep(Duration::from_millis(100));
            }
        });
        let began = Instant::now();
        assert!(matches!(check(&url), Err(CheckError::Unreachable { .. })));
        assert!(began.elapsed() < 4 * PATIENCE, "{:?}", began.elapsed());
    }

    #[test]
    fn what_is_no_address_is_said() {
        for url in ["", "localhost", "https://localhost", "http://", "http://a b/"] {
            assert!(matches!(check(url), Err(CheckError::Address(_))), "{url}");
        }
    }
}
