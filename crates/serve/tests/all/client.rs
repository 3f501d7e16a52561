//! A server in a thread, and a client that sends exactly the bytes that it is told to.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use network::builtin;
use serve::{Model, Server, Settings};

/// Longer than any answer takes, on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server that ends when this is dropped.
pub(crate) struct Running {
    pub(crate) socket: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings { port: 0, ..Settings::default() };
        // A machine that does much else must not make an answer a refusal.
        settings.limits.waiting_time = Duration::from_secs(600);
        change(&mut settings);
        let server = Server::bind(&settings, Model::new(builtin::digits().unwrap()).unwrap(), None).unwrap();
        let socket = server.socket();
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let thread = thread::spawn(move || server.run(|| told.load(Ordering::SeqCst)).unwrap());
        Self { socket, stop, thread: Some(thread) }
    }

    /// Asks it to end, as a signal would.
    pub(crate) fn ask_to_end(&self) {
        self.stop.store(true, Ordering::SeqCst);
    }

    /// Waits until it has ended.
    pub(crate) fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }

    pub(crate) fn connect(&self) -> Client {
        let stream = TcpStream::connect(self.socket).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Client { stream, read: Vec::new() }
    }

    /// The answer to a single request.
    pub(crate) fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Response {
        let mut client = self.connect();
        client.send(&self.request(method, path, headers, body));
        client.response()
    }

    pub(crate) fn get(&self, path: &str) -> Response {
        self.ask("GET", path, &[], b"")
    }

    pub(crate) fn post(&self, question: &str, kind: &str, body: &[u8]) -> Response {
        self.ask("POST", &format!("/api/predict{question}"), &[("content-type", kind)], body)
    }

    /// The bytes of a request with a body of known length. A header `host` replaces the server's.
    pub(crate) fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
        let mut text = format!("{method} {path} HTTP/1.1\r\n");
        if !headers.iter().any(|(name, _)| *name == "host") {
            text += &format!("host: {}\r\n", self.socket);
        }
        for (name, value) in headers {
            text += &format!("{name}: {value}\r\n");
        }
        if method == "POST" || !body.is_empty() {
            text += &format!("content-length: {}\r\n", body.len());
        }
        [text.as_bytes(), b"\r\n", body].concat()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.ask_to_end();
        if let Some(thread) = self.thread.take() {
            // A test that fails already says why.
            drop(thread.join());
        }
    }
}

/// A connection.
pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    /// What has arrived and belongs to no answer yet.
    read: Vec<u8>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Client {
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.try_send(bytes).unwrap();
    }

    /// Sends to a server that may have stopped to listen.
    pub(crate) fn try_send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    pub(crate) fn response(&mut self) -> Response {
        self.try_response().expect("an answer")
    }

    /// The next answer, or nothing if the connection ends before one begins.
    pub(crate) fn try_response(&mut self) -> Option<Response> {
        let mut response = self.head()?;
        let length = response.header("content-length").map_or(0, |length| length.parse().unwrap());
        assert_eq!(response.header("transfer-encoding"), None);
        // What has no body of its own may still say how long it would be.
        let length = if matches!(response.status, 100 | 204 | 304) { 0 } else { length };
        while self.read.len() < length {
            assert!(self.more() > 0, "an answer of {length} bytes ends after {}", self.read.len());
        }
        response.body = self.read.drain(..length).collect();
        Some(response)
    }

    /// The head of the next answer, which is all of it if HEAD was asked.
    pub(crate) fn head(&mut self) -> Option<Response> {
        let end = loop {
            match self.read.windows(4).position(|four| four == b"\r\n\r\n") {
                Some(end) => break end + 4,
                None if self.more() == 0 => {
                    assert!(self.read.is_empty(), "half an answer: {}", String::from_utf8_lossy(&self.read));
                    return None;
                }
                None => {}
            }
        };
        let head: Vec<u8> = self.read.drain(..end).collect();
        let head = String::from_utf8(head).unwrap();
        let mut lines = head.trim_end().split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers: Vec<(String, String)> = lines
            .map(|line| line.split_once(": ").unwrap_or_else(|| panic!("{line:?} in {head}")))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        Some(Response { status, headers, body: Vec::new() })
    }

    /// How many bytes arrive next; none once the connection has ended.
    fn more(&mut self) -> usize {
        let mut bytes = [0; 8192];
        // A process that is stopped and goes on is interrupted.
        let read = loop {
            match self.stream.read(&mut bytes) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        match read {
            Ok(count) => {
                self.read.extend_from_slice(&bytes[..count]);
                count
            }
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => 0,
            Err(error) => panic!("no answer and no end: {error}"),
        }
    }

    /// Whether the connection ends without another byte.
    pub(crate) fn ends(&mut self) -> bool {
        self.read.is_empty() && self.more() == 0
    }

    /// All answers until the connection ends. Nothing more is sent.
    pub(crate) fn responses(&mut self) -> Vec<Response> {
        // The server may have ended the connection already.
        drop(self.stream.shutdown(Shutdown::Write));
        std::iter::from_fn(|| self.try_response()).collect()
    }
}

impl Response {
    /// The only value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(found, _)| found == name);
        let value = values.next().map(|(_, value)| value.as_str());
        assert!(values.next().is_none(), "{name} is there twice: {:?}", self.headers);
        value
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        assert_eq!(self.header("content-type"), Some("application/json"), "{self:?}");
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// Status and code of an answer that is none. It has to have words, too.
    pub(crate) fn failure(&self) -> (u16, String) {
        let json = self.json();
        assert!(json["error"]["message"].as_str().unwrap().len() > 10, "{json}");
        (self.status, json["error"]["code"].as_str().unwrap().to_owned())
    }
}
