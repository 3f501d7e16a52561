//! What a server is told: where it listens, what it shows, whom it answers, and how much it takes on.

use std::path::PathBuf;
use std::time::Duration;

/// Where a server listens, what it shows, and whom it answers.
#[derive(Clone, Debug)]
pub struct Settings {
    /// A name or an address of this machine.
    pub host: String,
    /// 0 lets the system choose.
    pub port: u16,
    /// The folder that is served instead of the page that asks the API.
    pub web: Option<PathBuf>,
    /// Names of the server in requests, beside its own.
    pub allowed_hosts: Vec<String>,
    /// Origins whose pages may ask, beside its own.
    pub allowed_origins: Vec<String>,
    pub limits: Limits,
}

/// How much a server takes on.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of a request's body.
    pub body: usize,
    /// Bytes of all bodies that are held at one time.
    pub bodies: usize,
    /// Bytes of a request's head.
    pub head: usize,
    /// Connections at one time. A further one takes the place of the one that has been silent for longest.
    pub connections: usize,
    /// How long a head may take to arrive, and a connection may stay silent between two requests.
    pub head_time: Duration,
    /// How long a body may take to arrive.
    pub body_time: Duration,
    /// How long a body may arrive at any rate. After that it has to bring [`Limits::least_rate`].
    pub body_grace: Duration,
    /// Bytes a second.
    pub least_rate: usize,
    /// How long a client may take nothing of an answer.
    pub write_time: Duration,
    /// How long a request waits to be computed.
    pub waiting_time: Duration,
    /// Large images that are decoded at one time.
    pub workers: usize,
    /// Images that wait, of the small and of the large ones.
    pub waiting: usize,
    /// How long the server goes on answering once it was asked to end.
    pub ending: Duration,
    /// How long of that a connection may still bring a request. The answer says that it is the last.
    pub last_requests: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 20 << 20,
            bodies: 128 << 20,
            head: 32 << 10,
            // The usual limit of open files is 1,024.
            connections: 900,
            head_time: Duration::from_secs(10),
            body_time: Duration::from_secs(30),
            body_grace: Duration::from_secs(5),
            least_rate: 1 << 10,
            write_time: Duration::from_secs(30),
            waiting_time: Duration::from_secs(10),
            workers: std::thread::available_parallelism().map_or(2, usize::from).max(2),
            waiting: 256,
            ending: Duration::from_millis(1600),
            last_requests: Duration::from_millis(150),
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            host: "127.0.0.1".into(),
            port: 8080,
            web: None,
            allowed_hosts: Vec::new(),
            allowed_origins: Vec::new(),
            limits: Limits::default(),
        }
    }
}
