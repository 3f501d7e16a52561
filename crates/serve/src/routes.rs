//! What is answered under which path.

mod about;
mod openapi;
mod pages;
mod predict;

use std::any::Any;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Response;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use tower_http::catch_panic::CatchPanicLayer;

use crate::app::App;
use crate::failure::Failure;
use crate::http::body;
use crate::http::frame::frame;

/// All routes, with what is done around every request.
pub(crate) fn router(app: &Arc<App>) -> Router {
    Router::new()
        .route("/api/predict", post(predict::predict))
        .route("/api/model", get(about::model))
        .route("/healthz", get(about::health))
        .route("/metrics", get(about::metrics))
        .route("/openapi.json", get(openapi::document))
        .fallback(pages::page)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(CatchPanicLayer::custom(fault))
        .layer(axum::middleware::from_fn_with_state(Arc::clone(app), frame))
        .with_state(Arc::clone(app))
}

/// A panic ends its own request alone. The program's hook for panics has seen why.
fn fault(_reason: Box<dyn Any + Send>) -> Response<Body> {
    Failure::fault().into_response()
}

async fn method_not_allowed(State(app): State<Arc<App>>, request: Request) -> Failure {
    let (parts, body) = request.into_parts();
    body::refuse(&parts.headers, body);
    Failure::method(app.pages.methods(parts.uri.path()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_an_answer_without_its_reason() {
        let response = fault(Box::new("a secret"));
        assert_eq!(response.status().as_u16(), 500);
        assert!(!Failure::fault().json().contains("secret"));
    }
}
