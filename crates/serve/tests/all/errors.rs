//! Every refusal is JSON with a code, and every answer has the headers that keep a browser safe.

use crate::client::Running;
use crate::samples::{digit_png, digits, form, png};

#[test]
fn every_refusal_has_its_code() {
    let server = Running::new();
    let file = digit_png(&digits(1)[0]);
    let cases: [(&str, &str, &[u8], u16, &str); 16] = [
        ("", "image/png", b"", 400, "empty"),
        ("", "image/png", &file[..100], 400, "broken"),
        ("", "image/png", b"no image at all", 415, "format"),
        ("", "image/png", b"%PDF-1.7 and so on", 415, "format"),
        ("", "image/png", b"P5 16384 16384 255\n", 413, "too-many-pixels"),
        ("", "text/plain", &file, 415, "content-type"),
        ("", "application/json", b"{", 400, "json"),
        ("", "application/json", b"", 400, "json"),
        ("", "application/json", br#"{"width": 2, "height": 2, "pixels": [1]}"#, 400, "pixels"),
        ("", "multipart/form-data", &file, 400, "form"),
        ("", "multipart/form-data; boundary=x", &file, 400, "form"),
        ("", "multipart/form-data; boundary=x", &form("x", "name=\"other\"", &file), 400, "form"),
        ("", "multipart/form-data; boundary=x", &form("x", "name=\"file\"", b""), 400, "empty"),
        ("?single=perhaps", "image/png", &file, 400, "question"),
        ("?colour=true", "image/png", &file, 400, "question"),
        ("?single=true&single=true", "image/png", &file, 400, "question"),
    ];
    for (question, kind, body, status, code) in cases {
        let failure = server.post(question, kind, body).failure();
        assert_eq!(failure, (status, code.to_owned()), "{question} {kind} {}", String::from_utf8_lossy(body));
    }
    // None of them was a fault, and the server lives.
    assert_eq!(server.post("", "image/png", &file).status, 200);
}

#[test]
fn what_is_not_there_and_what_a_path_does_not_take() {
    let server = Running::new();
    for path in ["/nothing", "/api", "/api/predict/", "/index.html", "/api/model/x", "/favicon.ico"] {
        assert_eq!(server.get(path).failure(), (404, "not-found".into()), "{path}");
    }
    let cases = [
        ("GET", "/api/predict", "POST, OPTIONS"),
        ("PUT", "/api/predict", "POST, OPTIONS"),
        ("POST", "/api/model", "GET, HEAD, OPTIONS"),
        ("DELETE", "/healthz", "GET, HEAD, OPTIONS"),
        ("POST", "/", "GET, HEAD, OPTIONS"),
        ("TRACE", "/metrics", "GET, HEAD, OPTIONS"),
        ("BREW", "/openapi.json", "GET, HEAD, OPTIONS"),
    ];
    for (method, path, allowed) in cases {
        let refused = server.ask(method, path, &[], b"");
        assert_eq!(
            (refused.failure(), refused.header("allow")),
            ((405, "method".into()), Some(allowed)),
            "{method}"
        );
    }
    assert_eq!(server.ask("POST", "/nothing", &[], b"").failure().0, 404);
}

#[test]
fn what_is_no_http_is_refused_in_json_and_the_connection_ends() {
    let server = Running::new();
    let long = format!("GET / HTTP/1.1\r\nhost: localhost\r\nx: {}\r\n\r\n", "y".repeat(40_000));
    let many = format!("GET / HTTP/1.1\r\nhost: localhost\r\n{}\r\n", "x: y\r\n".repeat(200));
    let cases = [
        ("no HTTP at all\r\n\r\n", 400, "malformed"),
        ("GET / HTTP/1.1\r\nhost localhost\r\n\r\n", 400, "malformed"),
        ("GET / HTTP/9.9\r\nhost: localhost\r\n\r\n", 400, "malformed"),
        ("GET\0/ HTTP/1.1\r\nhost: localhost\r\n\r\n", 400, "malformed"),
        (&long, 431, "head-too-large"),
        (&many, 431, "head-too-large"),
    ];
    for (request, status, code) in cases {
        let mut client = server.connect();
        client.send(request.as_bytes());
        let answer = client.response();
        assert_eq!(answer.failure(), (status, code.to_owned()), "{request:.60}");
        assert_eq!(answer.header("connection"), Some("close"));
        assert!(answer.header("content-security-policy").is_some());
        assert!(client.ends());
    }
}

#[test]
fn every_answer_has_the_headers_that_keep_a_browser_safe() {
    let server = Running::new();
    let image = png(1, 1, &[0]);
    let answers = [
        server.get("/"),
        server.get("/nothing"),
        server.post("", "image/png", &image),
        server.get("/api/model"),
    ];
    for answer in answers {
        let policy = answer.header("content-security-policy").unwrap();
        for words in ["default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", "frame-ancestors 'none'"]
        {
            assert!(policy.contains(words), "{policy}");
        }
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{policy}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(name), Some(value));
        }
        assert_eq!(answer.header("access-control-allow-origin"), None);
        assert!(matches!(answer.header("cache-control"), Some("no-store" | "no-cache")));
    }
}
