//! Opens the port, lets clients in, and ends in good order.

use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use thiserror::Error;
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};

use crate::app::App;
use crate::compute::queue::Queue;
use crate::compute::workers::Workers;
use crate::http::connection::Connections;
use crate::http::held::Account;
use crate::http::hosts::Hosts;
use crate::http::origins::Origins;
use crate::http::visitors::Visitors;
use crate::log::Sink;
use crate::metrics::Metrics;
use crate::model::Model;
use crate::routes;
use crate::settings::Settings;
use crate::site::pages::Pages;

/// How often it is asked whether the server is to end.
const TICK: Duration = Duration::from_millis(50);
/// How long what is in work may take at the very end.
const LAST_ANSWERS: Duration = Duration::from_millis(200);
/// How long the words may take that there will be no answer.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// Why a server does not run.
#[derive(Debug, Error)]
pub enum ServeError {
    #[error("{host:?} is no name or address of this machine: {problem}")]
    Host { host: String, problem: String },
    #[error("port {port} of {host} is taken by another program")]
    Taken { host: String, port: u16 },
    #[error("port {port} of {host} cannot be opened: {source}")]
    Open { host: String, port: u16, source: io::Error },
    #[error("{0:?} is not the name of a server, such as digits.example or 192.168.1.2, without a port")]
    AllowedHost(String),
    #[error("{0:?} is not an origin, such as https://digits.example, or null for pages without one")]
    AllowedOrigin(String),
    #[error("the folder {folder} has no index.html that can be read: {source}")]
    Web { folder: String, source: io::Error },
    #[error("the server cannot start: {0}")]
    Start(#[from] io::Error),
}

/// A server whose port is open.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    app: App,
    workers: Workers,
}

impl Server {
    /// Opens the port. `log` is told about each request.
    ///
    /// # Errors
    /// If the port or the folder cannot be opened, or a name is none.
    pub fn bind(settings: &Settings, model: Model, log: Option<Sink>) -> Result<Self, ServeError> {
        let hosts = Hosts::new(&settings.host, &settings.allowed_hosts).map_err(ServeError::AllowedHost)?;
        let origins = Origins::new(&settings.allowed_origins).map_err(ServeError::AllowedOrigin)?;
        let pages = match &settings.web {
            Some(folder) => Pages::of_folder(folder)
                .map_err(|source| ServeError::Web { folder: folder.display().to_string(), source })?,
            None => Pages::own(&model),
        };
        let listener = listen(settings)?;
        let address = listener.local_addr()?;
        let metrics = Arc::new(Metrics::new());
        let limits = settings.limits.clone();
        let queue = Arc::new(Queue::new(limits.waiting, Arc::clone(&metrics)));
        let model = Arc::new(model);
        let workers = Workers {
            queue: Arc::clone(&queue),
            model: Arc::clone(&model),
            metrics: Arc::clone(&metrics),
            waiting_time: limits.waiting_time,
        };
        let account = Account::new(limits.bodies, Arc::clone(&metrics.held));
        let (is_ending, (is_over, _)) = (AtomicBool::new(false), watch::channel(false));
        let app =
            App { model, queue, metrics, account, hosts, origins, pages, limits, log, is_ending, is_over };
        Ok(Self { listener, address, app, workers })
    }

    /// The port's address, with the port that the system chose.
    pub fn socket(&self) -> SocketAddr {
        self.address
    }

    /// An address that a browser on this machine can open.
    pub fn address(&self) -> String {
        let port = self.address.port();
        match self.address {
            _ if self.address.ip().is_unspecified() => format!("http://127.0.0.1:{port}/"),
            address => format!("http://{address}/"),
        }
    }

    /// Answers until `stop` says so, which is asked many times a second. Then nobody is let in any more, and what has
    /// arrived is answered, for less than two seconds.
    ///
    /// # Errors
    /// If a thread cannot be started.
    pub fn run(self, stop: impl Fn() -> bool) -> Result<(), ServeError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
        self.workers.start(self.app.limits.workers)?;
        runtime.block_on(serve(self.listener, Arc::new(self.app), stop))?;
        Ok(())
    }
}

fn listen(settings: &Settings) -> Result<TcpListener, ServeError> {
    let Settings { host, port, .. } = settings;
    let unknown = |problem: String| ServeError::Host { host: host.clone(), problem };
    // An address of IPv6 may be written as in a browser.
    let name = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let mut addresses = (name, *port).to_socket_addrs().map_err(|error| unknown(error.to_string()))?;
    let address = addresses.next().ok_or_else(|| unknown("it has no address".into()))?;
    let listener = TcpListener::bind(address).map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => ServeError::Taken { host: host.clone(), port: *port },
        io::ErrorKind::AddrNotAvailable => unknown(source.to_string()),
        _ => ServeError::Open { host: host.clone(), port: *port, source },
    })?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

async fn serve(listener: TcpListener, app: Arc<App>, stop: impl Fn() -> bool) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let (close, is_closing) = watch::channel(false);
    let visitors = Arc::new(Visitors::new());
    let connections = Connections {
        app: Arc::clone(&app),
        router: routes::router(&app),
        visitors: Arc::clone(&visitors),
        is_closing,
    };
    let places = Arc::new(Semaphore::new(app.limits.connections));
    let let_in = async |patience: Duration| {
        let Ok(accepted) = timeout(patience, listener.accept()).await else { return false };
        let Ok((stream, peer)) = accepted else {
            // There are no more files to open, or the client has gone.
            sleep(TICK).await;
            return true;
        };
        if places.available_permits() == 0 {
            visitors.make_room();
        }
        // If all are asking there is no room, and whoever came last is sent away.
        let place = timeout(10 * TICK, Arc::clone(&places).acquire_owned()).await;
        let Ok(Ok(place)) = place else { return true };
        let connections = connections.clone();
        drop(tokio::spawn(async move {
            connections.answer(stream, peer).await;
            drop(place);
        }));
        true
    };

    while !stop() {
        let_in(TICK).await;
    }
    let deadline = Instant::now() + app.limits.ending;
    app.is_ending.store(true, Ordering::Relaxed);
    // Clients that have connected already believe that they are heard.
    while Instant::now() < deadline && let_in(Duration::from_millis(1)).await {}
    drop(listener);
    let all = u32::try_from(app.limits.connections).unwrap_or(u32::MAX);
    let everyone_left = async |patience| timeout(patience, places.acquire_many(all)).await.is_ok();
    let mut have_left = everyone_left(app.limits.last_requests).await;
    if !have_left {
        close.send_replace(true);
        have_left = everyone_left(deadline.saturating_duration_since(Instant::now())).await;
    }
    // The threads that compute end with the queue.
    app.queue.end();
    if !have_left && !everyone_left(LAST_ANSWERS).await {
        app.is_over.send_replace(true);
        everyone_left(LAST_WORDS).await;
    }
    Ok(())
}
