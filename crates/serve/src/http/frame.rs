//! What is done around every request: who may ask, what every answer has, and what is counted and told.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Instant, SystemTime};

use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::http::header::{CONNECTION, HOST, ORIGIN, TRANSFER_ENCODING};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use axum::middleware::Next;
use axum::response::IntoResponse;

use crate::app::App;
use crate::failure::Failure;
use crate::http::body;
use crate::http::headers;
use crate::http::hosts::Authority;
use crate::http::origins;
use crate::log::Access;

/// Whose connection a request came on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// The middleware around all routes.
pub(crate) async fn frame(State(app): State<Arc<App>>, request: Request, next: Next) -> Response<Body> {
    let began = Instant::now();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let peer = request.extensions().get::<Peer>().map(|peer| peer.0);
    let is_chunked = request.headers().contains_key(TRANSFER_ENCODING);
    let shared_with = allowed_origin(&app, request.headers());

    let mut response = match admit(&app, &request) {
        Ok(()) if method == Method::OPTIONS => options(&app, &path, shared_with.is_some()),
        Ok(()) => next.run(request).await,
        Err(failure) => {
            let (parts, body) = request.into_parts();
            body::refuse(&parts.headers, body);
            failure.into_response()
        }
    };

    let status = response.status().as_u16();
    let bytes = response.body().size_hint().exact();
    headers::secure(response.headers_mut());
    if !app.origins.are_none() {
        headers::depends_on_origin(response.headers_mut());
    }
    if let Some(origin) = shared_with {
        headers::share(response.headers_mut(), origin);
    }
    // Where a chunked body ends is a matter of opinion between servers in a row, so nothing may follow it.
    if is_chunked || app.is_ending.load(Ordering::Relaxed) {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    let took = began.elapsed();
    app.metrics.answered(app.pages.label(&path), status, took);
    if let Some(log) = &app.log {
        log(&Access { time: SystemTime::now(), peer, method: method.to_string(), path, status, bytes, took });
    }
    response
}

/// Whether a request is meant for this server, and comes from a page that may ask.
fn admit(app: &App, request: &Request) -> Result<(), Failure> {
    let host = host(request)?;
    if !app.hosts.include(&host.host) {
        let message =
            "the server does not answer under this name; it was not started with --allow-host for it";
        return Err(Failure::new(StatusCode::MISDIRECTED_REQUEST, "host", message).closing());
    }
    let mut from = request.headers().get_all(ORIGIN).iter();
    // A browser shows the answer to GET to nobody else, and it changes nothing here.
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return Ok(());
    }
    match (from.next(), from.next()) {
        (None, _) => Ok(()),
        (Some(origin), None)
            if origin
                .to_str()
                .is_ok_and(|origin| origins::is_own(origin, &host) || app.origins.include(origin)) =>
        {
            Ok(())
        }
        _ => {
            let message =
                "pages of this origin may not ask; the server was not started with --allow-origin for it";
            Err(Failure::new(StatusCode::FORBIDDEN, "origin", message).closing())
        }
    }
}

/// Under which name the server was asked. A request's target may bring one of its own, which then counts as well.
fn host(request: &Request) -> Result<Authority, Failure> {
    let refused = |message: &str| Failure::bad_request("host", message).closing();
    let mut hosts = request.headers().get_all(HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (Some(host), None) => host,
        (None, _) => return Err(refused("the header Host is missing")),
        _ => return Err(refused("the header Host is there more than once")),
    };
    let host = host.to_str().ok().and_then(Authority::parse);
    let host = host.ok_or_else(|| refused("the header Host has no name or address"))?;
    match request.uri().authority() {
        Some(target) if Authority::parse(target.as_str()).as_ref() != Some(&host) => {
            Err(refused("the header Host and the request's target name different servers"))
        }
        _ => Ok(host),
    }
}

/// The origin of the page that asks, if its pages were allowed to.
fn allowed_origin(app: &App, headers: &HeaderMap) -> Option<HeaderValue> {
    let origin = headers.get(ORIGIN)?;
    origin.to_str().is_ok_and(|origin| app.origins.include(origin)).then(|| origin.clone())
}

/// What may be asked of a path.
fn options(app: &App, path: &str, is_shared: bool) -> Response<Body> {
    let Some(allowed) = app.pages.methods(path) else { return Failure::not_found().into_response() };
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().insert("allow", HeaderValue::from_static(allowed));
    if is_shared {
        headers::allow_to_ask(response.headers_mut());
    }
    response
}
