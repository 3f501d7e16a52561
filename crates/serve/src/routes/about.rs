//! What the server says about its model and about itself.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use network::description::Description;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::failure::Failure;

/// What a load balancer asks for.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    /// `ok`, for as long as the server takes requests.
    status: &'static str,
    version: &'static str,
}

/// The model that reads: its network without the weights, its classes, where it comes from.
#[utoipa::path(get, path = "/api/model", responses((status = 200, body = Description)))]
pub(crate) async fn model(State(app): State<Arc<App>>) -> Result<impl IntoResponse, Failure> {
    let json = serde_json::to_string(&app.model.description).map_err(|_| Failure::fault())?;
    Ok(([(CONTENT_TYPE, "application/json")], json))
}

/// Whether the server takes requests.
#[utoipa::path(get, path = "/healthz", responses((status = 200, body = Health)))]
pub(crate) async fn health() -> Result<impl IntoResponse, Failure> {
    let health = Health { status: "ok", version: env!("CARGO_PKG_VERSION") };
    let json = serde_json::to_string(&health).map_err(|_| Failure::fault())?;
    Ok(([(CONTENT_TYPE, "application/json")], json))
}

/// Counters in the text format of Prometheus.
#[utoipa::path(get, path = "/metrics", responses((status = 200, body = String, content_type = "text/plain; version=0.0.4")))]
pub(crate) async fn metrics(State(app): State<Arc<App>>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], app.metrics.text())
}
