//! Under which names the server answers, and whose pages may ask: DNS rebinding, and pages from elsewhere.

use crate::client::{Response, Running};
use crate::samples::{digit_png, digits};

/// `PORT` stands for the server's own.
const MATRIX: [(&str, &str, Option<&str>, u16); 42] = [
    // Names, without an origin.
    ("GET", "localhost:PORT", None, 200),
    ("GET", "localhost", None, 200),
    ("GET", "LocalHost:PORT", None, 200),
    ("GET", "localhost.:PORT", None, 200),
    ("GET", "localhost:1", None, 200),
    ("GET", "127.0.0.1:PORT", None, 200),
    ("GET", "[::1]:PORT", None, 200),
    ("GET", "digits.example", None, 200),
    ("GET", "DIGITS.example:443", None, 200),
    ("GET", "evil.example:PORT", None, 421),
    ("GET", "localhost.evil.example", None, 421),
    ("GET", "evil.digits.example", None, 421),
    ("GET", "127.0.0.1.evil.example", None, 421),
    ("GET", "127.0.0.2", None, 421),
    ("GET", "192.168.0.1:PORT", None, 421),
    ("GET", "0.0.0.0:PORT", None, 421),
    ("GET", "2130706433", None, 421),
    ("GET", "[::]:PORT", None, 421),
    ("GET", "user@localhost", None, 400),
    ("GET", "localhost:port", None, 400),
    ("GET", "localhost:", None, 400),
    ("GET", "localhost:PORT, evil.example", None, 400),
    ("GET", "", None, 400),
    ("POST", "evil.example", None, 421),
    // Origins of what changes something, or could.
    ("POST", "localhost:PORT", None, 200),
    ("POST", "localhost:PORT", Some("http://localhost:PORT"), 200),
    ("POST", "127.0.0.1:PORT", Some("http://127.0.0.1:PORT"), 200),
    ("POST", "[::1]:PORT", Some("http://[::1]:PORT"), 200),
    ("POST", "digits.example", Some("https://digits.example"), 200),
    ("POST", "localhost:PORT", Some("https://friend.example"), 200),
    ("POST", "localhost:PORT", Some("https://friend.example:443"), 200),
    ("POST", "localhost:PORT", Some("http://friend.example"), 403),
    ("POST", "localhost:PORT", Some("http://127.0.0.1:PORT"), 403),
    ("POST", "localhost:PORT", Some("http://localhost:1"), 403),
    ("POST", "localhost:PORT", Some("http://localhost"), 403),
    ("POST", "localhost:PORT", Some("https://evil.example"), 403),
    ("POST", "localhost:PORT", Some("https://friend.example.evil.example"), 403),
    ("POST", "localhost:PORT", Some("null"), 403),
    ("POST", "localhost:PORT", Some(""), 403),
    ("OPTIONS", "localhost:PORT", Some("https://evil.example"), 403),
    ("OPTIONS", "localhost:PORT", Some("https://friend.example"), 204),
    ("GET", "localhost:PORT", Some("https://evil.example"), 200),
];

fn server() -> Running {
    Running::with(|settings| {
        settings.allowed_hosts = vec!["digits.example".into()];
        settings.allowed_origins = vec!["https://friend.example".into()];
    })
}

fn asked(server: &Running, method: &str, host: &str, origin: Option<&str>, image: &[u8]) -> Response {
    let port = server.socket.port().to_string();
    let host = host.replace("PORT", &port);
    let origin = origin.map(|origin| origin.replace("PORT", &port));
    let mut headers = vec![("host", host.as_str())];
    headers.extend(origin.as_deref().map(|origin| ("origin", origin)));
    match method {
        "GET" => server.ask(method, "/api/model", &headers, b""),
        _ => server.ask(method, "/api/predict", &headers, if method == "POST" { image } else { b"" }),
    }
}

#[test]
fn names_and_origins_are_those_that_were_allowed() {
    let server = server();
    let image = digit_png(&digits(1)[0]);
    for (method, host, origin, status) in MATRIX {
        let answer = asked(&server, method, host, origin, &image);
        assert_eq!(answer.status, status, "{method} {host} {origin:?}: {}", answer.text());
        let code = match status {
            400 | 421 => "host",
            403 => "origin",
            _ => continue,
        };
        assert_eq!(answer.failure().1, code);
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
}

#[test]
fn a_page_that_was_allowed_sees_the_answer_and_no_other_does() {
    let server = server();
    let image = digit_png(&digits(1)[0]);
    let friend = Some("https://friend.example");
    let read = asked(&server, "POST", "localhost", friend, &image);
    assert_eq!(read.header("access-control-allow-origin"), friend);
    assert_eq!(read.header("vary"), Some("origin"));
    assert_eq!(read.header("cross-origin-resource-policy"), Some("cross-origin"));
    let asked_first = asked(&server, "OPTIONS", "localhost", friend, b"");
    assert_eq!(asked_first.header("access-control-allow-origin"), friend);
    assert_eq!(asked_first.header("access-control-allow-methods"), Some("GET, POST"));
    assert_eq!(asked_first.header("access-control-allow-headers"), Some("content-type"));
    let evil = asked(&server, "GET", "localhost", Some("https://evil.example"), b"");
    assert_eq!((evil.header("access-control-allow-origin"), evil.header("vary")), (None, Some("origin")));
    // What fails is told to the page as well.
    let broken = server.ask("POST", "/api/predict", &[("origin", "https://friend.example")], b"no image");
    assert_eq!((broken.status, broken.header("access-control-allow-origin")), (415, friend));
}

#[test]
fn without_a_switch_nothing_is_shared() {
    let server = Running::new();
    let own = format!("http://{}", server.socket);
    let read = server.ask("POST", "/api/predict", &[("origin", &own)], &digit_png(&digits(1)[0]));
    assert_eq!(
        (read.status, read.header("access-control-allow-origin"), read.header("vary")),
        (200, None, None)
    );
    let options = server.ask("OPTIONS", "/api/predict", &[], b"");
    assert_eq!((options.status, options.header("allow")), (204, Some("POST, OPTIONS")));
    assert_eq!(options.header("access-control-allow-methods"), None);
    assert_eq!(server.ask("OPTIONS", "/nothing", &[], b"").status, 404);
}

#[test]
fn a_request_names_one_server() {
    let server = Running::new();
    for head in [
        "GET /healthz HTTP/1.1\r\n\r\n",
        "GET /healthz HTTP/1.0\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nhost: localhost\r\nhost: localhost\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nhost: localhost\r\nhost: evil.example\r\n\r\n",
        "GET http://evil.example/healthz HTTP/1.1\r\nhost: localhost\r\n\r\n",
    ] {
        let mut client = server.connect();
        client.send(head.as_bytes());
        assert_eq!(client.response().failure(), (400, "host".into()), "{head}");
    }
    let mut client = server.connect();
    client.send(b"GET http://localhost/healthz HTTP/1.1\r\nhost: localhost\r\n\r\n");
    assert_eq!(client.response().status, 200);
    let port = server.socket.port();
    let origins = format!(
        "host: localhost:{port}\r\norigin: http://localhost:{port}\r\norigin: http://localhost:{port}"
    );
    let mut client = server.connect();
    client.send(format!("POST /api/predict HTTP/1.1\r\n{origins}\r\ncontent-length: 0\r\n\r\n").as_bytes());
    assert_eq!(client.response().failure(), (403, "origin".into()));
}
