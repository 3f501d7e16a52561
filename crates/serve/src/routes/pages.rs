//! Answers whatever is no part of the API with a file, if there is one.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LAST_MODIFIED};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Uri};
use axum::response::IntoResponse;

use crate::app::App;
use crate::failure::Failure;
use crate::http::body;
use crate::site::pages::READABLE;

/// The file of a path, or word that the browser has it already.
pub(crate) async fn page(
    State(app): State<Arc<App>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Response<Body> {
    let found = app.pages.find(uri.path()).await;
    if found.is_none() || !matches!(method, Method::GET | Method::HEAD) {
        body::refuse(&headers, body);
    }
    let Some(page) = found else { return Failure::not_found().into_response() };
    if !matches!(method, Method::GET | Method::HEAD) {
        return Failure::method(READABLE).into_response();
    }
    let known = headers.get(IF_NONE_MATCH).and_then(|tags| tags.to_str().ok()).unwrap_or_default();
    let tag = page.tag.to_str().unwrap_or_default();
    let is_known = known.split(',').any(|known| known.trim().trim_start_matches("W/") == tag);
    let mut response = Response::new(Body::empty());
    let fields = response.headers_mut();
    fields.insert(ETAG, page.tag.clone());
    // A browser may keep it, but has to ask each time whether it is still the same.
    fields.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Some(modified) = &page.modified {
        fields.insert(LAST_MODIFIED, modified.clone());
    }
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return response;
    }
    fields.insert(CONTENT_TYPE, HeaderValue::from_static(page.kind));
    if method == Method::HEAD {
        fields.insert(CONTENT_LENGTH, page.bytes.len().into());
    } else {
        *response.body_mut() = Body::from(page.bytes.clone());
    }
    response
}
