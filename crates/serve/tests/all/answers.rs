//! What is read is what `predict` reads, however it is sent, and however much is asked at once.

use std::thread;

use network::answer::Answer;
use network::builtin;
use network::forward::Predictor;
use network::reading::{Reader, Scope};
use prepare::{GreyImage, Preparation};
use serde_json::Value;

use crate::client::Running;
use crate::samples::{SIDE, digit_png, digits, form, json, number, png};

struct Expected {
    reader: Reader,
    classes: Vec<String>,
}

impl Expected {
    fn new() -> Self {
        let model = builtin::digits().unwrap();
        let predictor = Predictor::new(model.architecture, &model.weights).unwrap();
        let reader = Reader::new(predictor, Preparation::Ink, model.thresholds.unwrap());
        Self { reader, classes: model.classes }
    }

    /// The answer as JSON, from the library that `predict` calls.
    fn answer(&self, (width, height, pixels): (usize, usize, Vec<u8>), scope: Scope) -> Value {
        let reading = self.reader.read(&GreyImage::new(height, width, pixels).unwrap(), scope);
        let answer = Answer::new(&reading, &self.classes, [height, width], Vec::new(), self.classes.len());
        serde_json::from_str(&serde_json::to_string(&answer).unwrap()).unwrap()
    }
}

#[test]
fn a_digit_is_read_however_it_is_sent() {
    let server = Running::new();
    let digit = &digits(1)[0];
    let expected = Expected::new().answer((SIDE, SIDE, digit.clone()), Scope::All);
    assert_eq!(expected["items"][0]["top"].as_array().unwrap().len(), 10);
    let file = digit_png(digit);
    let list = format!(r#"{{"width": {SIDE}, "height": {SIDE}, "pixels": {digit:?}}}"#);
    for (kind, body) in [
        ("image/png", file.clone()),
        ("application/octet-stream", file.clone()),
        ("application/x-www-form-urlencoded", file.clone()),
        ("multipart/form-data; boundary=xyz", form("xyz", "name=\"photo\"; filename=\"a.png\"", &file)),
        ("multipart/form-data; boundary=xyz", form("xyz", "name=\"image\"", &file)),
        ("application/json", json(SIDE, SIDE, digit)),
        ("application/json", list.into_bytes()),
    ] {
        let answer = server.post("", kind, &body);
        assert_eq!((answer.status, answer.json()), (200, expected.clone()), "{kind}");
    }
}

#[test]
fn several_digits_are_a_number_and_a_question_changes_how_they_are_read() {
    let server = Running::new();
    let expected = Expected::new();
    let (width, height, pixels) = number(&digits(3));
    let image = || (width, height, pixels.clone());
    let file = png(width, height, &pixels);
    let all = server.post("", "image/png", &file).json();
    assert_eq!(all, expected.answer(image(), Scope::All));
    assert_eq!(all["items"].as_array().unwrap().len(), 3);
    let single = server.post("?single=true", "image/png", &file).json();
    assert_eq!(single, expected.answer(image(), Scope::One));
    let inverted: Vec<u8> = pixels.iter().map(|pixel| 255 - pixel).collect();
    let turned = server.post("?invert=true", "image/png", &png(width, height, &inverted)).json();
    assert_eq!(turned["text"], all["text"]);
    let seen =
        server.post("?pixels=true&single=false", "application/json", &json(width, height, &pixels)).json();
    let seen = seen["items"][2]["pixels"].as_str().unwrap().len();
    assert_eq!(seen, (SIDE * SIDE).div_ceil(3) * 4);
    assert_eq!(all["items"][2].get("pixels"), None);
}

#[test]
fn a_drawing_is_read_as_the_page_in_the_browser_reads_it() {
    let server = Running::new();
    let expected = Expected::new();
    let (width, height, pixels) = number(&digits(2));
    let ink: Vec<u8> = pixels.iter().map(|pixel| 235 - pixel).collect();
    let drawing = GreyImage::new(height, width, ink.clone()).unwrap();
    let reading = expected.reader.read_drawing(&drawing);
    let answer = Answer::new(&reading, &expected.classes, [height, width], Vec::new(), 10);
    let read = server.post("?drawn=true", "application/json", &json(width, height, &ink)).json();
    assert_eq!(read["items"].as_array().unwrap().len(), 2);
    assert_eq!(read, serde_json::from_str::<Value>(&serde_json::to_string(&answer).unwrap()).unwrap());
}

#[test]
fn many_images_at_once_each_get_their_own_answer() {
    let server = Running::new();
    let expected = Expected::new();
    let digits = digits(100);
    let answers: Vec<Value> =
        digits.iter().map(|digit| expected.answer((SIDE, SIDE, digit.clone()), Scope::All)).collect();
    let distinct: std::collections::BTreeSet<String> = answers.iter().map(Value::to_string).collect();
    assert!(distinct.len() > 90, "the images say too little: {}", distinct.len());
    thread::scope(|scope| {
        for client in 0..16 {
            let (server, digits, answers) = (&server, &digits, &answers);
            scope.spawn(move || {
                let mut connection = server.connect();
                for i in 0..60 {
                    let i = (i * 7 + client * 13) % digits.len();
                    let (kind, body) = match client % 3 {
                        0 => ("image/png", digit_png(&digits[i])),
                        1 => ("application/json", json(SIDE, SIDE, &digits[i])),
                        // A form of BMP would be decoded apart from the others, as this PNG with a large head is.
                        _ => ("image/x-portable-graymap", pgm(&digits[i])),
                    };
                    connection.send(&server.request(
                        "POST",
                        "/api/predict",
                        &[("content-type", kind)],
                        &body,
                    ));
                    assert_eq!(connection.response().json(), answers[i], "client {client}, image {i}");
                }
            });
        }
    });
    let metrics = server.get("/metrics").text();
    assert!(
        metrics.contains("mnist_cnn_requests_total{path=\"/api/predict\",status=\"200\"} 960"),
        "{metrics}"
    );
    assert!(metrics.contains("mnist_cnn_batch_images_sum 960"), "{metrics}");
}

/// A file whose size is not known before it is decoded, so it is decoded apart from the others.
fn pgm(pixels: &[u8]) -> Vec<u8> {
    [format!("P5 {SIDE} {SIDE} 255\n").as_bytes(), pixels].concat()
}

#[test]
fn an_empty_image_is_answered_and_not_guessed() {
    let server = Running::new();
    let answer = server.post("", "application/json", &json(SIDE, SIDE, &[0; SIDE * SIDE])).json();
    assert_eq!((&answer["status"], &answer["text"]), (&"no-digit".into(), &"".into()));
    assert_eq!(answer["items"], serde_json::json!([]));
}

#[test]
fn the_model_the_health_and_the_documents_are_told() {
    let server = Running::new();
    let model = server.get("/api/model").json();
    assert_eq!((&model["preparation"], &model["input"]), (&"ink".into(), &serde_json::json!([1, 28, 28])));
    assert_eq!(model["classes"].as_array().unwrap().len(), 10);
    assert_eq!(server.get("/healthz").json()["status"], "ok");
    assert_eq!(server.get("/openapi.json").json()["openapi"], "3.1.0");
    let metrics = server.get("/metrics");
    assert_eq!(metrics.header("content-type"), Some("text/plain; version=0.0.4"));
    assert!(metrics.text().contains("mnist_cnn_requests_total{path=\"/healthz\",status=\"200\"} 1"));
}
