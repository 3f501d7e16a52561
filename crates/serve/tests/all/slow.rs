//! Clients that are slow on purpose. Times are far apart, so that a busy machine changes no answer.

use std::thread;
use std::time::{Duration, Instant};

use serve::Limits;

use crate::client::Running;
use crate::samples::{digit_png, digits};

fn limited(change: impl FnOnce(&mut Limits)) -> Running {
    Running::with(|settings| change(&mut settings.limits))
}

#[test]
fn a_head_that_never_ends_is_refused() {
    let server = limited(|limits| limits.head_time = Duration::from_millis(400));
    let mut client = server.connect();
    client.send(b"GET / HTTP/1.1\r\nhost: local");
    let answer = client.response();
    assert_eq!((answer.failure(), answer.header("connection")), ((408, "timeout".into()), Some("close")));
    assert!(client.ends());
}

#[test]
fn a_head_is_not_made_longer_by_sending_it_in_drops() {
    let server = limited(|limits| limits.head_time = Duration::from_millis(600));
    let mut client = server.connect();
    client.send(b"GET / HTTP/1.1\r\n");
    let began = Instant::now();
    while client.try_send(b"x: y\r\n").is_ok() && began.elapsed() < Duration::from_secs(50) {
        thread::sleep(Duration::from_millis(50));
    }
    assert!(began.elapsed() < Duration::from_secs(50), "the server goes on listening");
}

#[test]
fn a_connection_without_a_request_ends_without_a_word() {
    let server = limited(|limits| limits.head_time = Duration::from_millis(400));
    assert!(server.connect().ends());
    let mut client = server.connect();
    client.send(&server.request("GET", "/healthz", &[], b""));
    assert_eq!(client.response().status, 200);
    assert!(client.ends());
}

#[test]
fn a_body_that_takes_too_long_is_refused() {
    let server = limited(|limits| limits.body_time = Duration::from_millis(800));
    let mut client = server.connect();
    let head =
        format!("POST /api/predict HTTP/1.1\r\nhost: {}\r\ncontent-length: 100\r\n\r\n1", server.socket);
    client.send(head.as_bytes());
    let answer = client.response();
    assert_eq!((answer.failure(), answer.header("connection")), ((408, "timeout".into()), Some("close")));
}

#[test]
fn a_body_that_brings_too_little_is_refused_long_before_its_time() {
    let server = limited(|limits| {
        limits.body_grace = Duration::from_millis(300);
        limits.body_time = Duration::from_secs(600);
        limits.least_rate = 1 << 20;
    });
    let mut client = server.connect();
    let head =
        format!("POST /api/predict HTTP/1.1\r\nhost: {}\r\ncontent-length: 1000\r\n\r\n", server.socket);
    client.send(head.as_bytes());
    for _ in 0..20 {
        drop(client.try_send(b"x"));
        thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(client.response().failure(), (408, "timeout".into()));
}

#[test]
fn silent_clients_take_no_place_from_those_that_ask() {
    // None of the silent ones has to leave for being slow.
    let server = limited(|limits| limits.connections = 20);
    let image = digit_png(&digits(1)[0]);
    let mut silent = Vec::new();
    for i in 0..60 {
        let mut client = server.connect();
        let sent: &[u8] = match i % 3 {
            0 => b"",
            1 => b"POST /api/predict HTTP/1.1\r\nx: ",
            _ => b"POST /api/predict HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9999\r\n\r\nabc",
        };
        drop(client.try_send(sent));
        silent.push(client);
        if i % 10 == 9 {
            assert_eq!(server.post("", "image/png", &image).status, 200);
        }
    }
    // Those that had to leave were the first.
    assert!(silent[0].ends());
}
