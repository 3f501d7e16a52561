//! `POST /api/predict`: an image in one of three shapes, and what it says.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use bytes::Bytes;
use multer::{Constraints, Multipart};
use network::answer::Answer;
use serde::Deserialize;
use tokio::sync::oneshot;
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::compute::answering::Options;
use crate::compute::pixels::PixelImage;
use crate::compute::queue::Job;
use crate::compute::upload::Upload;
use crate::failure::{ErrorBody, Failure};
use crate::http::body;
use crate::http::visitors::Visitor;

/// What stands behind `?`.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Question {
    /// Take the image as one digit, whatever its parts are. Otherwise several digits are read as a number.
    #[serde(default)]
    single: bool,
    /// Make dark light and light dark first. Handwriting is found on any paper without it.
    #[serde(default)]
    invert: bool,
    /// Take the image as a drawing: 0 where nothing was drawn, 255 in full ink. Then no paper is looked for, and
    /// `single` changes nothing.
    #[serde(default)]
    drawn: bool,
    /// Add the pixels that the network saw of each item, in base64.
    #[serde(default)]
    pixels: bool,
}

/// A form, for the OpenAPI document.
#[derive(ToSchema)]
#[expect(dead_code, reason = "says what `field` looks for")]
pub(crate) struct ImageForm {
    /// The image's file. The first field that is a file is taken, or the first one of this name.
    #[schema(value_type = String, format = Binary, content_media_type = "application/octet-stream")]
    image: Vec<u8>,
}

/// How the image is sent.
enum Shape {
    /// The body is the image's file, whose format is told by content.
    File,
    /// A form with a file in it.
    Form { boundary: String },
    /// JSON with grey pixels.
    Pixels,
}

/// Reads an image: PNG, JPEG, GIF, BMP, WebP, TIFF or PNM as the body or in a form, or grey pixels in JSON.
#[utoipa::path(
    post,
    path = "/api/predict",
    params(Question),
    request_body(
        description = "The image.",
        content(
            (PixelImage = "application/json"),
            (ImageForm = "multipart/form-data"),
            (Vec<u8> = "application/octet-stream"),
            (Vec<u8> = "image/png"),
            (Vec<u8> = "image/jpeg"),
        )
    ),
    responses(
        (status = 200, description = "What the image says.", body = Answer),
        (status = 400, description = "No image, or one that is broken.", body = ErrorBody<'_>),
        (status = 403, description = "A page of this origin may not ask.", body = ErrorBody<'_>),
        (status = 408, description = "The body arrived too slowly.", body = ErrorBody<'_>),
        (status = 413, description = "Too many bytes or pixels.", body = ErrorBody<'_>),
        (status = 415, description = "A format that is not read.", body = ErrorBody<'_>),
        (status = 421, description = "Not this server's name.", body = ErrorBody<'_>),
        (status = 503, description = "Too many images wait.", body = ErrorBody<'_>, headers(("retry-after" = u32, description = "Seconds."))),
    )
)]
pub(crate) async fn predict(
    State(app): State<Arc<App>>,
    question: Result<Query<Question>, QueryRejection>,
    request: Request,
) -> Result<impl IntoResponse, Failure> {
    let (parts, body) = request.into_parts();
    // What is refused before its body was read is told so before it is.
    let checked = question
        .map_err(|error| {
            Failure::bad_request("question", format!("what stands behind ?: {}", error.body_text()))
        })
        .and_then(|Query(question)| Ok((question, shape(&parts.headers)?)))
        .and_then(|checked| {
            if app.queue.is_full() {
                return Err(Failure::busy("too many images wait to be read; ask again a little later"));
            }
            Ok(checked)
        });
    let (Question { single, invert, drawn, pixels }, shape) = match checked {
        Ok(checked) => checked,
        Err(failure) => {
            body::refuse(&parts.headers, body);
            return Err(failure);
        }
    };
    let (bytes, held) = body::take(&parts.headers, body, &app.limits, &app.account).await?;
    if let Some(visitor) = parts.extensions.get::<Arc<Visitor>>() {
        visitor.asks();
    }
    let upload = match shape {
        Shape::File => Upload::File(bytes),
        Shape::Form { boundary } => Upload::File(field(bytes, &boundary).await?),
        Shape::Pixels => Upload::Pixels(bytes),
    };
    let (reply, answer) = oneshot::channel();
    let options = Options { single, drawn, invert, pixels };
    app.queue.push(Job { upload, options, reply, since: Instant::now(), held })?;
    let json = answered(answer, &app).await?;
    Ok(([(CONTENT_TYPE, "application/json")], Body::from(json)))
}

/// What the threads answer. A large image may take longer than a server has left that ends.
async fn answered(answer: oneshot::Receiver<Result<Bytes, Failure>>, app: &App) -> Result<Bytes, Failure> {
    let mut is_over = app.is_over.subscribe();
    let (mut answer, mut over) = (pin!(answer), pin!(is_over.wait_for(|is_over| *is_over)));
    poll_fn(|cx| match answer.as_mut().poll(cx) {
        // The threads answer every image. If they do not, they have ended.
        Poll::Ready(answer) => Poll::Ready(answer.unwrap_or_else(|_| Err(Failure::fault()))),
        Poll::Pending => over.as_mut().poll(cx).map(|_| Err(Failure::ending())),
    })
    .await
}

/// How the image is sent, by the type that the request names.
fn shape(headers: &HeaderMap) -> Result<Shape, Failure> {
    let mut kinds = headers.get_all(CONTENT_TYPE).iter();
    let kind = match (kinds.next(), kinds.next()) {
        (None, _) => return Ok(Shape::File),
        (Some(kind), None) => kind.to_str().unwrap_or_default(),
        _ => {
            return Err(Failure::bad_request(
                "content-type",
                "the header Content-Type is there more than once",
            ));
        }
    };
    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.as_str() {
        "application/json" => Ok(Shape::Pixels),
        "multipart/form-data" => match multer::parse_boundary(kind) {
            Ok(boundary) => Ok(Shape::Form { boundary }),
            Err(_) => Err(Failure::bad_request("form", "the form's type names no boundary")),
        },
        // The last one is what curl says of any file.
        "application/octet-stream" | "application/x-www-form-urlencoded" => Ok(Shape::File),
        image if image.starts_with("image/") => Ok(Shape::File),
        other => {
            let message =
                format!("{other} is not read; send an image, a form with an image, or application/json");
            Err(Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content-type", message))
        }
    }
}

/// More fields of a form are not looked at, because nobody else is answered meanwhile.
const MOST_FIELDS: usize = 32;

/// The file in a form.
async fn field(bytes: Bytes, boundary: &str) -> Result<Bytes, Failure> {
    let broken =
        |error: multer::Error| Failure::bad_request("form", format!("the form cannot be read: {error}"));
    let stream = Body::from(bytes).into_data_stream();
    let mut form = Multipart::with_constraints(stream, boundary, Constraints::new());
    for _ in 0..MOST_FIELDS {
        let Some(field) = form.next_field().await.map_err(broken)? else { break };
        if field.file_name().is_some() || matches!(field.name(), Some("image" | "file")) {
            return field.bytes().await.map_err(broken);
        }
    }
    let message =
        format!("among the form's first {MOST_FIELDS} fields is no file, and none that is called image");
    Err(Failure::bad_request("form", message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shape_is_what_the_request_says() {
        let shaped = |kind: &'static str| {
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, kind.parse().unwrap())]);
            match shape(&headers) {
                Ok(Shape::File) => "file".to_owned(),
                Ok(Shape::Form { boundary }) => boundary,
                Ok(Shape::Pixels) => "pixels".to_owned(),
                Err(failure) => failure.status.as_u16().to_string(),
            }
        };
        for (kind, expected) in [
            ("image/png", "file"),
            ("IMAGE/X-anything", "file"),
            ("application/octet-stream", "file"),
            ("application/x-www-form-urlencoded", "file"),
            ("application/json; charset=utf-8", "pixels"),
            ("multipart/form-data; boundary=x", "x"),
            ("multipart/form-data", "400"),
            ("text/plain", "415"),
            ("application/jsonp", "415"),
        ] {
            assert_eq!(shaped(kind), expected, "{kind}");
        }
    }
}
