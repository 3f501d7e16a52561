//! Requests whose end two servers in a row could see at different places. They are refused, or they end the connection,
//! so that nothing which follows them is ever taken for a request.

use crate::client::Running;

/// Heads and bodies; what stands behind `|` must not be answered as a request of its own.
const CASES: [(&str, &str); 14] = [
    ("a length and chunks", "content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n|"),
    ("chunks and a length", "transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n|"),
    ("two different lengths", "content-length: 0\r\ncontent-length: 44\r\n\r\n|"),
    ("a list of lengths", "content-length: 0, 44\r\n\r\n|"),
    ("a signed length", "content-length: +0\r\n\r\n|"),
    ("a length in hexadecimal", "content-length: 0x0\r\n\r\n|"),
    ("a negative length", "content-length: -1\r\n\r\n|"),
    ("an unknown encoding", "transfer-encoding: xchunked\r\n\r\n0\r\n\r\n|"),
    ("chunked that is not the last encoding", "transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n|"),
    ("a folded header", "x: y\r\n transfer-encoding: chunked\r\ncontent-length: 0\r\n\r\n|"),
    ("a space before the colon", "transfer-encoding : chunked\r\ncontent-length: 0\r\n\r\n|"),
    ("a return alone inside a header", "x: y\rtransfer-encoding: chunked\r\ncontent-length: 0\r\n\r\n|"),
    ("a size that overflows", "transfer-encoding: chunked\r\n\r\n10000000000000000\r\n\r\n|"),
    ("extensions of chunks", "transfer-encoding: chunked\r\n\r\n0;x=\"y\r\n\r\n|"),
];

#[test]
fn nothing_is_smuggled_behind_a_request() {
    let server = Running::new();
    let host = format!("host: {}\r\n", server.socket);
    let smuggled = format!("GET /healthz HTTP/1.1\r\n{host}\r\n");
    for (name, rest) in CASES {
        let (request, behind) = rest.split_once('|').unwrap();
        assert_eq!(behind, "");
        let bytes =
            format!("POST /api/predict HTTP/1.1\r\n{host}content-type: image/png\r\n{request}{smuggled}");
        let mut client = server.connect();
        client.send(bytes.as_bytes());
        let answers = client.responses();
        let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        assert_eq!(statuses, [400], "{name}");
        assert_eq!(answers[0].header("connection"), Some("close"), "{name}");
    }
    assert_eq!(server.get("/healthz").status, 200);
}

#[test]
fn lines_that_end_without_a_return_are_read_in_one_way() {
    let server = Running::new();
    let mut client = server.connect();
    client.send(format!("GET /healthz HTTP/1.1\nhost: {}\n\n", server.socket).as_bytes());
    let statuses: Vec<u16> = client.responses().iter().map(|answer| answer.status).collect();
    assert!(statuses == [200] || statuses == [400], "{statuses:?}");
}

#[test]
fn requests_behind_each_other_are_answered_in_their_order() {
    let server = Running::new();
    let paths = ["/healthz", "/nothing", "/api/model", "/healthz"];
    let requests: Vec<u8> = paths.iter().flat_map(|path| server.request("GET", path, &[], b"")).collect();
    let mut client = server.connect();
    client.send(&requests);
    let statuses: Vec<u16> = client.responses().iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [200, 404, 200, 200]);
}

#[test]
fn a_chunked_body_is_read_and_is_the_last_on_its_connection() {
    let server = Running::new();
    let image = crate::samples::digit_png(&crate::samples::digits(1)[0]);
    let mut client = server.connect();
    let head = format!(
        "POST /api/predict HTTP/1.1\r\nhost: {}\r\ntransfer-encoding: chunked\r\n\r\n",
        server.socket
    );
    client.send(head.as_bytes());
    for piece in image.chunks(100) {
        client.send(format!("{:x};extension=1\r\n", piece.len()).as_bytes());
        client.send(piece);
        client.send(b"\r\n");
    }
    client.send(b"0\r\n\r\n");
    let answer = client.response();
    assert_eq!((answer.status, answer.header("connection")), (200, Some("close")), "{}", answer.text());
    assert!(client.ends());
}
