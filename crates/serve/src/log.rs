//! What is told about each request. What was sent in it is told to nobody.

use std::fmt::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;

/// Who is told about each request. It must not wait, because no other request goes on meanwhile.
pub type Sink = Arc<dyn Fn(&Access) + Send + Sync>;

/// The longest path that is told whole.
const LONGEST_PATH: usize = 200;

/// A request that was answered.
#[derive(Clone, Debug)]
pub struct Access {
    pub time: SystemTime,
    pub peer: Option<SocketAddr>,
    pub method: String,
    pub path: String,
    pub status: u16,
    /// Of the answer's body, if it was known beforehand.
    pub bytes: Option<u64>,
    pub took: Duration,
}

#[derive(Serialize)]
struct Line<'a> {
    time: f64,
    peer: Option<String>,
    method: &'a str,
    path: String,
    status: u16,
    bytes: Option<u64>,
    seconds: f64,
}

impl Access {
    /// A line for people.
    pub fn line(&self) -> String {
        let mut line =
            format!("{} {} {} {}", httpdate::fmt_http_date(self.time), self.status, self.method, self.path());
        // Writing to a string cannot fail.
        let _ = write!(line, " {:.1} ms", self.took.as_secs_f64() * 1000.0);
        if let Some(bytes) = self.bytes {
            let _ = write!(line, " {bytes} bytes");
        }
        if let Some(peer) = self.peer {
            let _ = write!(line, " to {peer}");
        }
        line
    }

    /// A line for programs. The time is in seconds since 1970.
    pub fn json(&self) -> String {
        let line = Line {
            time: self.time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64(),
            peer: self.peer.map(|peer| peer.to_string()),
            method: &self.method,
            path: self.path(),
            status: self.status,
            bytes: self.bytes,
            seconds: self.took.as_secs_f64(),
        };
        // These fields are always JSON.
        serde_json::to_string(&line).unwrap_or_default()
    }

    /// Clients may send what a terminal would obey, so nothing but the letters of addresses is told.
    fn path(&self) -> String {
        let told = self.path.chars().take(LONGEST_PATH);
        told.map(|letter| if letter.is_ascii_graphic() { letter } else { '?' }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_a_line() {
        let access = Access {
            time: UNIX_EPOCH,
            peer: Some(([127, 0, 0, 1], 9).into()),
            method: "GET".into(),
            path: "/x".repeat(200),
            status: 404,
            bytes: Some(7),
            took: Duration::from_micros(1500),
        };
        let line = access.line();
        assert!(line.starts_with("Thu, 01 Jan 1970 00:00:00 GMT 404 GET /x/x"), "{line}");
        assert!(line.ends_with("/x 1.5 ms 7 bytes to 127.0.0.1:9") && line.len() < 300, "{line}");
        let obeyed = Access {
            path: format!("/{}\u{9b}31m{}", "é".repeat(150), "x".repeat(30_000)),
            ..access.clone()
        };
        for told in [obeyed.line(), obeyed.json()] {
            assert!(told.is_ascii() && told.len() < 400 && told.contains("??31mx"), "{told}");
        }
        let json: serde_json::Value = serde_json::from_str(&access.json()).unwrap();
        assert_eq!((&json["status"], &json["seconds"]), (&404.into(), &0.0015.into()));
    }
}
