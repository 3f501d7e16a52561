//! What a browser shows: the page that asks the API, or a folder whose page computes by itself.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LAST_MODIFIED};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Uri};
use axum::response::IntoResponse;
use bytes::Bytes;

use crate::app::App;
use crate::failure::Failure;
use crate::model::Model;
use crate::routes::files::Folder;
use crate::routes::{page, refused_method};

const READABLE: &str = "GET, HEAD, OPTIONS";

/// Where pages come from.
#[derive(Debug)]
pub(crate) enum Pages {
    Own(BTreeMap<&'static str, Arc<Page>>),
    Folder(Arc<Folder>),
}

/// A file as a browser gets it.
#[derive(Debug)]
pub(crate) struct Page {
    bytes: Bytes,
    kind: &'static str,
    /// Changes with the bytes, so that a browser never shows an older model than the server has.
    tag: HeaderValue,
    modified: Option<HeaderValue>,
}

impl Page {
    pub(crate) fn new(bytes: Bytes, kind: &'static str, modified: Option<SystemTime>) -> Self {
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        let ascii = |text: String| HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("\"\""));
        let tag = ascii(format!("\"{:016x}\"", hasher.finish()));
        Self { bytes, kind, tag, modified: modified.map(|time| ascii(httpdate::fmt_http_date(time))) }
    }
}

impl Pages {
    /// The page that asks the API.
    pub(crate) fn own(model: &Model) -> Self {
        let html = Page::new(page::index().into(), "text/html; charset=utf-8", None);
        let script = Page::new(page::script().into(), "text/javascript; charset=utf-8", None);
        let style = Page::new(page::style().into(), "text/css; charset=utf-8", None);
        let title = &model.description.title;
        let models = serde_json::json!({"models": [{"file": "api/model", "title": title, "epochs": []}]});
        let models = Page::new(models.to_string().into(), "application/json", None);
        let pages = [("/", html), ("/script.js", script), ("/style.css", style), ("/models.json", models)];
        Self::Own(pages.into_iter().map(|(path, page)| (path, Arc::new(page))).collect())
    }

    /// The files of a folder, as they are when they are asked for.
    ///
    /// # Errors
    /// If it has no `index.html`.
    pub(crate) fn of_folder(folder: &Path) -> io::Result<Self> {
        Ok(Self::Folder(Arc::new(Folder::open(folder)?)))
    }

    async fn find(&self, path: &str) -> Option<Arc<Page>> {
        match self {
            Self::Own(pages) => pages.get(path).map(Arc::clone),
            Self::Folder(folder) => {
                let (folder, path) = (Arc::clone(folder), path.to_owned());
                // A disk may be slow, and no other request should wait for it.
                tokio::task::spawn_blocking(move || folder.find(&path)).await.ok().flatten()
            }
        }
    }

    /// The name under which requests of a path are counted. There are few, whatever is asked for.
    pub(crate) fn label(&self, path: &str) -> &'static str {
        const API: [&str; 5] = ["/api/predict", "/api/model", "/healthz", "/metrics", "/openapi.json"];
        match (API.into_iter().find(|known| *known == path), self) {
            (Some(known), _) => known,
            (None, Self::Own(pages)) => pages.get_key_value(path).map_or("other", |(known, _)| known),
            (None, Self::Folder(_)) => "page",
        }
    }

    /// The methods that a path takes, if it may be there. Of a folder that is not known.
    pub(crate) fn methods(&self, path: &str) -> Option<&'static str> {
        match self.label(path) {
            "/api/predict" => Some("POST, OPTIONS"),
            "other" => None,
            _ => Some(READABLE),
        }
    }
}

/// Answers whatever is no part of the API.
pub(crate) async fn page(
    State(app): State<Arc<App>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response<Body> {
    let Some(page) = app.pages.find(uri.path()).await else { return Failure::not_found().into_response() };
    if !matches!(method, Method::GET | Method::HEAD) {
        return refused_method(READABLE);
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
