//! More than can be done: refused at once, and whatever was accepted is answered.

use std::thread;
use std::time::Duration;

use crate::client::{Client, Response, Running};
use crate::samples::{digit_png, digits, json, large_png};

/// One answer for each of these clients, which have all asked already.
fn answers(clients: Vec<Client>) -> Vec<Response> {
    clients.into_iter().map(|mut client| client.response()).collect()
}

/// What the server counts under this name.
fn gauge(server: &Running, name: &str) -> usize {
    let text = server.get("/metrics").text();
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.unwrap_or_else(|| panic!("{name}: {text}")).parse().unwrap()
}

#[test]
fn what_is_too_much_is_refused_at_once_and_the_rest_is_answered() {
    let server = Running::with(|settings| {
        settings.limits.workers = 1;
        settings.limits.waiting = 2;
    });
    let request = server.request("POST", "/api/predict", &[("content-type", "image/png")], &large_png());
    let clients: Vec<Client> = (0..12)
        .map(|_| {
            let mut client = server.connect();
            client.send(&request);
            client
        })
        .collect();
    let answers = answers(clients);
    let read = answers.iter().filter(|answer| answer.status == 200).count();
    let refused: Vec<&Response> = answers.iter().filter(|answer| answer.status == 503).collect();
    assert_eq!((read + refused.len(), read == 0, refused.is_empty()), (12, false, false), "{read} were read");
    for answer in &refused {
        assert_eq!((answer.failure().1.as_str(), answer.header("retry-after")), ("busy", Some("1")));
    }
    assert!(
        answers
            .iter()
            .filter(|answer| answer.status == 200)
            .all(|answer| answer.json()["status"] == "no-digit")
    );
    // Meanwhile and afterwards small images have their own place.
    assert_eq!(server.post("", "image/png", &digit_png(&digits(1)[0])).status, 200);
}

#[test]
fn large_images_do_not_delay_small_ones() {
    let server = Running::with(|settings| settings.limits.workers = 1);
    let large = server.request("POST", "/api/predict", &[("content-type", "image/png")], &large_png());
    let clients: Vec<Client> = (0..24)
        .map(|_| {
            let mut client = server.connect();
            client.send(&large);
            client
        })
        .collect();
    let small = digit_png(&digits(1)[0]);
    for _ in 0..5 {
        assert_eq!(server.post("", "image/png", &small).status, 200);
    }
    // The small ones did not have to wait for all of the large ones.
    assert!(gauge(&server, "mnist_cnn_images_waiting") > 0);
    assert!(answers(clients).iter().all(|answer| answer.status == 200));
}

#[test]
fn uploads_that_together_are_too_large_are_refused() {
    let server = Running::with(|settings| settings.limits.bodies = 1 << 20);
    let mut first = server.connect();
    let head =
        format!("POST /api/predict HTTP/1.1\r\nhost: {}\r\ncontent-length: 2000000\r\n\r\n", server.socket);
    first.send(&[head.as_bytes(), &[0; 900_000]].concat());
    while gauge(&server, "mnist_cnn_body_bytes") < 900_000 {
        thread::sleep(Duration::from_millis(5));
    }
    let second = json(700, 700, &[0; 490_000]);
    let refused = server.post("", "application/json", &second);
    assert_eq!((refused.failure(), refused.header("retry-after")), ((503, "busy".into()), Some("1")));
    drop(first);
    // Once the first has gone there is room again.
    while gauge(&server, "mnist_cnn_body_bytes") > 0 {
        thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(server.post("", "application/json", &second).status, 200);
}

#[test]
fn clients_that_go_away_leave_nothing_behind() {
    let server = Running::with(|settings| settings.limits.workers = 1);
    let request = server.request("POST", "/api/predict", &[("content-type", "image/png")], &large_png());
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..4 {
                    let mut client = server.connect();
                    client.send(&request);
                }
            });
        }
    });
    // The queue has room, whatever became of those that left.
    let read = (0..100).any(|_| server.post("", "image/png", &large_png()).status == 200);
    assert!(read);
}

#[test]
fn whoever_has_waited_for_too_long_is_told_so() {
    let server = Running::with(|settings| {
        settings.limits.workers = 1;
        settings.limits.waiting_time = Duration::from_millis(1);
    });
    let request = server.request("POST", "/api/predict", &[("content-type", "image/png")], &large_png());
    let mut clients: Vec<Client> = (0..6).map(|_| server.connect()).collect();
    clients.iter_mut().for_each(|client| client.send(&request));
    let refused = answers(clients).into_iter().filter(|answer| answer.status != 200);
    let refused: Vec<(u16, String)> = refused.map(|answer| answer.failure()).collect();
    // The first image alone takes longer than that.
    assert!(
        !refused.is_empty() && refused.iter().all(|failure| *failure == (503, "busy".into())),
        "{refused:?}"
    );
}
