//! The OpenAPI document. It is made of the types that are read and written, so it cannot say anything else.

use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use utoipa::openapi::{self, RefOr, Schema};
use utoipa::{Modify, OpenApi};

use crate::failure::Failure;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "mnist-cnn serve",
        description = "Reads images with one model. Every answer that is none is JSON with a code and words.",
        license(name = "MIT OR Apache-2.0")
    ),
    modifiers(&Open),
    paths(super::predict::predict, super::about::model, super::about::health, super::about::metrics)
)]
struct Document;

/// Lets objects that are told have more keys than their own: a unit is told together with what follows from it. Only
/// what is read refuses keys that it does not know.
struct Open;

impl Modify for Open {
    fn modify(&self, document: &mut openapi::OpenApi) {
        let schemas = document.components.iter_mut().flat_map(|components| &mut components.schemas);
        for (_, schema) in schemas.filter(|(name, _)| *name != "PixelImage") {
            if let RefOr::T(Schema::Object(object)) = schema {
                object.additional_properties = None;
            }
        }
    }
}

pub(crate) async fn document() -> Result<impl IntoResponse, Failure> {
    let json = Document::openapi().to_json().map_err(|_| Failure::fault())?;
    Ok(([(CONTENT_TYPE, "application/json")], json))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_names_every_path_and_type() {
        let document: serde_json::Value =
            serde_json::from_str(&Document::openapi().to_json().unwrap()).unwrap();
        for path in ["/api/predict", "/api/model", "/healthz", "/metrics"] {
            assert!(document["paths"].get(path).is_some(), "{path}");
        }
        let schemas = &document["components"]["schemas"];
        for name in ["Answer", "AnswerItem", "Description", "ErrorBody", "PixelImage"] {
            assert!(schemas.get(name).is_some(), "{name}: {schemas}");
        }
    }
}
