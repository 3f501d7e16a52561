//! A server that ends answers what has arrived, lets go of who is silent, and does not take long.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::client::{Client, Running};
use crate::samples::{digit_png, digits, large_png};

/// The promise is two seconds; the rest is for a machine that does much else.
const SOON: Duration = Duration::from_secs(20);

#[test]
fn what_had_been_asked_is_answered() {
    let mut server = Running::with(|settings| {
        settings.limits.workers = 1;
        // So that a slow machine still decodes in time what the test is about.
        settings.limits.ending = SOON;
    });
    let request = server.request("POST", "/api/predict", &[("content-type", "image/png")], &large_png());
    let mut clients: Vec<Client> = (0..4).map(|_| server.connect()).collect();
    clients.iter_mut().for_each(|client| client.send(&request));
    let mut silent = server.connect();
    silent.send(&server.request("GET", "/healthz", &[], b""));
    assert_eq!(silent.response().status, 200);
    server.ask_to_end();
    for client in &mut clients {
        let answer = client.response();
        assert_eq!((answer.status, answer.header("connection")), (200, Some("close")), "{}", answer.text());
        assert!(client.ends());
    }
    assert!(silent.ends());
    server.join();
    assert!(std::net::TcpStream::connect(server.socket).is_err());
}

#[test]
fn clients_that_ask_all_the_time_lose_no_answer() {
    // The connections end as soon as each has got its last answer, and so does the server.
    let mut server = Running::with(|settings| settings.limits.last_requests = SOON);
    let request = server.request("POST", "/api/predict", &[], &digit_png(&digits(1)[0]));
    let answered = AtomicUsize::new(0);
    thread::scope(|scope| {
        for i in 0..8 {
            let (server, request, answered) = (&server, &request, &answered);
            scope.spawn(move || {
                let mut client = server.connect();
                // An answer says whether it is the last one of its connection, and then nothing was lost.
                loop {
                    client.send(request);
                    let answer = client.response();
                    assert_eq!(answer.status, 200, "{}", answer.text());
                    answered.fetch_add(1, Ordering::Relaxed);
                    if answer.header("connection") == Some("close") {
                        break;
                    }
                    thread::sleep(Duration::from_millis(5 * i));
                }
            });
        }
        while answered.load(Ordering::Relaxed) < 100 {
            thread::sleep(Duration::from_millis(5));
        }
        server.ask_to_end();
    });
    let began = Instant::now();
    server.join();
    assert!(began.elapsed() < SOON / 2, "{:?}", began.elapsed());
}

#[test]
fn nobody_can_hold_the_server_up() {
    let mut server = Running::with(|settings| {
        settings.limits.workers = 1;
        settings.limits.ending = Duration::from_millis(300);
    });
    let mut head = server.connect();
    head.send(b"GET / HTTP/1.1\r\nhost: loc");
    let mut body = server.connect();
    body.send(b"POST /api/predict HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\nabc");
    let request = server.request("POST", "/api/predict", &[("content-type", "image/png")], &large_png());
    let mut waiting: Vec<Client> = (0..60).map(|_| server.connect()).collect();
    waiting.iter_mut().for_each(|client| client.send(&request));
    server.ask_to_end();
    let began = Instant::now();
    server.join();
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    // Who was let in but could not be served is told so, or the image was read in time.
    let answers: Vec<Option<u16>> =
        waiting.iter_mut().map(|client| Some(client.try_response()?.status)).collect();
    assert!(answers.iter().all(|status| matches!(status, Some(200 | 503))), "{answers:?}");
    assert!(answers.contains(&Some(503)), "{answers:?}");
}
