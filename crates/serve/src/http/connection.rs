//! A connection, from its first byte to its last.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::SystemTime;

use axum::Router;
use axum::http::{Request, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::app::App;
use crate::failure::Failure;
use crate::http::frame::Peer;
use crate::http::headers;
use crate::http::visitors::Visitors;
use crate::http::wire::{Wire, WireEnd};

/// What all connections share.
#[derive(Clone)]
pub(crate) struct Connections {
    pub(crate) app: Arc<App>,
    pub(crate) router: Router,
    pub(crate) visitors: Arc<Visitors>,
    /// Becomes true when no further request is to be taken.
    pub(crate) is_closing: watch::Receiver<bool>,
}

impl Connections {
    /// Answers the requests that come on this connection, one after the other.
    pub(crate) async fn answer(self, stream: TcpStream, peer: SocketAddr) {
        // An answer is written at once, so there is nothing to wait for. Without this it is merely slower.
        drop(stream.set_nodelay(true));
        let (wire, end) = Wire::new(stream, self.app.limits.write_time);
        let visitor = self.visitors.enter();
        self.app.metrics.connections.fetch_add(1, Ordering::Relaxed);

        let router = TowerToHyperService::new(self.router.clone());
        let service = service_fn(|mut request: Request<Incoming>| {
            request.extensions_mut().insert(Peer(peer));
            request.extensions_mut().insert(Arc::clone(&visitor));
            self.visitors.has_spoken(&visitor);
            let answer = router.call(request);
            let (visitors, visitor) = (&self.visitors, &visitor);
            async move {
                let answer = answer.await;
                visitors.has_spoken(visitor);
                answer
            }
        });
        let connection = builder(&self.app).serve_connection(TokioIo::new(wire), service);
        let mut connection = pin!(connection);
        let mut has_to_leave = pin!(visitor.has_to_leave());
        let mut is_closing = self.is_closing.clone();
        let mut closing = pin!(is_closing.wait_for(|is_closing| *is_closing));
        let mut was_told = false;
        let result = poll_fn(|cx| {
            if has_to_leave.as_mut().poll(cx).is_ready() {
                return Poll::Ready(None);
            }
            if !was_told && closing.as_mut().poll(cx).is_ready() {
                was_told = true;
                connection.as_mut().graceful_shutdown();
            }
            connection.as_mut().poll(cx).map(Some)
        })
        .await;

        let timed_out = matches!(&result, Some(Err(error)) if error.is_timeout());
        if let Some(failure) = last_word(&self.app, &end, timed_out) {
            self.app.metrics.answered("malformed", failure.status.as_u16(), Default::default());
            end.conclude(&written(&failure)).await;
        }
        self.visitors.left(&visitor);
        self.app.metrics.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

fn builder(app: &App) -> http1::Builder {
    let mut builder = http1::Builder::new();
    let head = app.limits.head.max(8192);
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(app.limits.head_time)
        .max_header_size(head)
        .max_buf_size(head);
    builder
}

/// What to say when no request could be read.
fn last_word(app: &App, end: &WireEnd, timed_out: bool) -> Option<Failure> {
    let head = app.limits.head;
    match end.held_back() {
        Some(431 | 414) => {
            let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
            let message =
                format!("the request's head is larger than {head} bytes, or has more than 100 lines");
            Some(Failure::new(status, "head-too-large", message).with_limit(head as u64))
        }
        Some(_) => Some(Failure::bad_request("malformed", "this is no request of HTTP/1.1")),
        // A connection without a request simply ends.
        None if timed_out && end.has_heard() => {
            let message = "the request's head arrives too slowly";
            Some(Failure::new(StatusCode::REQUEST_TIMEOUT, "timeout", message))
        }
        None => None,
    }
}

/// An answer's bytes, for when the HTTP library writes none any more.
fn written(failure: &Failure) -> Vec<u8> {
    let body = failure.json();
    let mut fields = axum::http::HeaderMap::new();
    headers::secure(&mut fields);
    let reason = failure.status.canonical_reason().unwrap_or_default();
    let mut answer = format!(
        "HTTP/1.1 {} {reason}\r\ndate: {}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n",
        failure.status.as_u16(),
        httpdate::fmt_http_date(SystemTime::now()),
        body.len()
    )
    .into_bytes();
    for (name, value) in &fields {
        answer.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    answer.extend([b"\r\n", body.as_bytes()].concat());
    answer
}
