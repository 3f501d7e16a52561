//! What a client is told when it gets no answer: a status, a code for programs, and words for people.

use axum::body::Body;
use axum::http::header::{ALLOW, CONNECTION, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, Response, StatusCode};
use axum::response::IntoResponse;
use dataset::decode::{DecodeError, MOST_PIXELS};
use serde::Serialize;
use utoipa::ToSchema;

/// Why a request is not answered.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) status: StatusCode,
    code: &'static str,
    message: String,
    limit: Option<u64>,
    /// The methods that the path takes, if the request had another one.
    allowed: Option<&'static str>,
    /// Whether the same request may be answered a little later.
    is_passing: bool,
    /// Whether nothing more is read from this connection.
    closes: bool,
}

/// The body of every answer that is none.
#[derive(Serialize, ToSchema)]
pub(crate) struct ErrorBody<'a> {
    error: ErrorDetail<'a>,
}

#[derive(Serialize, ToSchema)]
struct ErrorDetail<'a> {
    /// One word for programs, such as `too-large`.
    code: &'a str,
    /// Words for people.
    message: &'a str,
    /// The limit that was passed, if one was.
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<u64>,
}

impl Failure {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { status, code, message, limit: None, allowed: None, is_passing: false, closes: false }
    }

    pub(crate) fn bad_request(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    pub(crate) fn with_limit(mut self, limit: u64) -> Self {
        self.limit = Some(limit);
        self
    }

    /// The connection ends with the answer, because what else comes on it cannot be told apart or is not wanted.
    pub(crate) fn closing(mut self) -> Self {
        self.closes = true;
        self
    }

    pub(crate) fn body_too_large(limit: usize) -> Self {
        let message = format!("the body is larger than {limit} bytes; send a smaller image");
        let failure = Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", message);
        failure.with_limit(limit as u64).closing()
    }

    /// More is asked than can be done now.
    pub(crate) fn busy(message: &str) -> Self {
        let failure = Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", message);
        Self { is_passing: true, ..failure }
    }

    pub(crate) fn ending() -> Self {
        let failure = Self::new(StatusCode::SERVICE_UNAVAILABLE, "ending", "the server is ending");
        Self { is_passing: true, closes: true, ..failure }
    }

    pub(crate) fn fault() -> Self {
        let message = "a bug in this server; its log says more. Other requests are answered as before";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "fault", message)
    }

    pub(crate) fn not_found() -> Self {
        let message =
            "nothing is here; the API is POST api/predict, GET api/model, healthz, metrics, openapi.json";
        Self::new(StatusCode::NOT_FOUND, "not-found", message)
    }

    /// The path takes other methods.
    pub(crate) fn method(allowed: &'static str) -> Self {
        let message = format!("this path takes {allowed}");
        let failure = Self::new(StatusCode::METHOD_NOT_ALLOWED, "method", message);
        Self { allowed: Some(allowed), ..failure }
    }

    pub(crate) fn json(&self) -> String {
        let error = ErrorDetail { code: self.code, message: &self.message, limit: self.limit };
        // These fields are always JSON.
        serde_json::to_string(&ErrorBody { error }).unwrap_or_default()
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response<Body> {
        let mut response = Response::new(Body::from(self.json()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if self.is_passing {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if let Some(allowed) = self.allowed {
            headers.insert(ALLOW, HeaderValue::from_static(allowed));
        }
        if self.closes {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

impl From<DecodeError> for Failure {
    fn from(error: DecodeError) -> Self {
        let words = error.to_string();
        match error {
            DecodeError::Empty => Self::bad_request("empty", "the body is empty; expected an image"),
            DecodeError::Unknown { .. } | DecodeError::Refused(_) | DecodeError::Unsupported { .. } => {
                Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "format", words)
            }
            DecodeError::TooManyPixels { .. } => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-many-pixels", words).with_limit(MOST_PIXELS)
            }
            DecodeError::TooMuchMemory { .. } | DecodeError::DecoderMemory { .. } => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-much-memory", words)
            }
            DecodeError::Broken { .. }
            | DecodeError::CutShort { .. }
            | DecodeError::NoPixels { .. }
            | DecodeError::Panicked { .. } => Self::bad_request("broken", words),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_says_code_words_and_limit() {
        let json: serde_json::Value = serde_json::from_str(&Failure::body_too_large(9).json()).unwrap();
        assert_eq!((&json["error"]["code"], &json["error"]["limit"]), (&"too-large".into(), &9.into()));
        let json: serde_json::Value = serde_json::from_str(&Failure::ending().json()).unwrap();
        assert!(json["error"].get("limit").is_none());
    }

    #[test]
    fn what_may_work_later_says_when() {
        let response = Failure::busy("x").into_response();
        assert_eq!(
            (response.status().as_u16(), &response.headers()["retry-after"]),
            (503, &"1".parse().unwrap())
        );
        assert!(!response.headers().contains_key("connection"));
    }
}
