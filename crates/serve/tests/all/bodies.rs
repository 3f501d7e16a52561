//! Bodies that are too large, and that say so early, late or never.

use std::io::Write;
use std::thread;

use crate::client::Running;
use crate::samples::{digit_png, digits, json};

const LIMIT: u64 = 20 << 20;

fn assert_too_large(answer: &crate::client::Response) {
    assert_eq!(answer.failure(), (413, "too-large".into()));
    assert_eq!(answer.json()["error"]["limit"], LIMIT);
    assert_eq!(answer.header("connection"), Some("close"));
}

#[test]
fn a_body_that_says_that_it_is_too_large_is_refused_before_it_comes() {
    let server = Running::new();
    for length in ["20971521", "99999999999", "9223372036854775807"] {
        let mut client = server.connect();
        let head = format!(
            "POST /api/predict HTTP/1.1\r\nhost: {}\r\ncontent-length: {length}\r\n\r\n",
            server.socket
        );
        client.send(head.as_bytes());
        assert_too_large(&client.response());
    }
}

#[test]
fn a_client_that_sends_all_the_same_reads_why_it_was_refused() {
    let server = Running::new();
    let body = vec![7; (LIMIT + 1000) as usize];
    let answer = server.post("", "image/png", &body);
    assert_too_large(&answer);
    // As much as is allowed is taken, and read.
    let answer = server.post("", "image/png", &body[..LIMIT as usize]);
    assert_eq!(answer.failure(), (415, "format".into()));
}

#[test]
fn a_body_is_asked_for_only_if_it_may_come() {
    let server = Running::new();
    let image = digit_png(&digits(1)[0]);
    let head = |length: usize| {
        format!(
            "POST /api/predict HTTP/1.1\r\nhost: {}\r\nexpect: 100-continue\r\ncontent-length: {length}\r\n\r\n",
            server.socket
        )
    };
    let mut client = server.connect();
    client.send(head(30 << 20).as_bytes());
    assert_too_large(&client.response());
    assert!(client.ends());
    let mut client = server.connect();
    client.send(head(image.len()).as_bytes());
    assert_eq!(client.response().status, 100);
    client.send(&image);
    assert_eq!(client.response().status, 200);
    // What is refused for another reason is not asked for either.
    let mut client = server.connect();
    client.send(head(image.len()).replace("expect", "content-type: text/plain\r\nexpect").as_bytes());
    assert_eq!(client.response().status, 415);
}

#[test]
fn chunks_that_never_end_are_refused_once_they_are_too_many() {
    let server = Running::new();
    let mut client = server.connect();
    let head = format!(
        "POST /api/predict HTTP/1.1\r\nhost: {}\r\ntransfer-encoding: chunked\r\n\r\n",
        server.socket
    );
    client.send(head.as_bytes());
    let mut endless = client.stream.try_clone().unwrap();
    let sender = thread::spawn(move || {
        let chunk = [b"10000\r\n".as_slice(), &[7; 0x10000], b"\r\n"].concat();
        let mut sent = 0;
        while endless.write_all(&chunk).is_ok() {
            sent += 0x10000;
        }
        sent
    });
    assert_too_large(&client.response());
    // Nobody listens for ever.
    assert!(sender.join().unwrap() > LIMIT);
}

#[test]
fn a_large_photo_as_pixels_in_json_is_taken() {
    let server = Running::new();
    let (width, height) = (4000, 3000);
    let answer = server.post("", "application/json", &json(width, height, &vec![200; width * height]));
    assert_eq!((answer.status, &answer.json()["status"]), (200, &"no-digit".into()));
}

#[test]
fn a_body_that_ends_before_its_end_is_no_image_and_no_fault() {
    let server = Running::new();
    let image = digit_png(&digits(1)[0]);
    let mut client = server.connect();
    let head =
        format!("POST /api/predict HTTP/1.1\r\nhost: {}\r\ncontent-length: 9999\r\n\r\n", server.socket);
    client.send(&[head.as_bytes(), &image].concat());
    let answers = client.responses();
    assert!(answers.iter().all(|answer| answer.failure() == (400, "body".into())), "{answers:?}");
    assert_eq!(server.post("", "image/png", &image).status, 200);
}
