//! A file as a browser gets it.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::SystemTime;

use axum::http::HeaderValue;
use bytes::Bytes;

/// A file as a browser gets it.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) bytes: Bytes,
    pub(crate) kind: &'static str,
    /// Changes with the bytes, so that a browser never shows an older model than the server has.
    pub(crate) tag: HeaderValue,
    pub(crate) modified: Option<HeaderValue>,
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
