//! The page that asks the API, and a folder whose page computes by itself.

use std::fs;

use tempfile::TempDir;

use crate::client::Running;

#[test]
fn the_own_page_loads_nothing_from_elsewhere() {
    let server = Running::new();
    let page = server.get("/");
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    let html = page.text();
    assert!(html.contains("script.js") && html.contains("style.css"), "{html}");
    assert!(html.contains("data-engine=\"api\"") && !html.contains("://"), "{html}");
    assert_eq!(server.get("/script.js").header("content-type"), Some("text/javascript; charset=utf-8"));
    assert_eq!(server.get("/style.css").header("content-type"), Some("text/css; charset=utf-8"));
    assert!(server.get("/models.json").json()["models"][0]["title"].is_string());
}

#[test]
fn files_have_their_types_and_are_sent_again_only_if_they_changed() {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("index.html", "<p>");
    write("engine.wasm", "wasm");
    write("digits.safetensors", "weights");
    write("a name.txt", "text");
    fs::create_dir(folder.path().join("sub")).unwrap();
    write("sub/index.html", "below");
    let server = Running::with(|settings| settings.web = Some(folder.path().to_owned()));
    for (path, kind, text) in [
        ("/", "text/html; charset=utf-8", "<p>"),
        ("/engine.wasm", "application/wasm", "wasm"),
        ("/digits.safetensors", "application/octet-stream", "weights"),
        ("/a%20name.txt", "text/plain; charset=utf-8", "text"),
        ("/sub/", "text/html; charset=utf-8", "below"),
    ] {
        let answer = server.get(path);
        assert_eq!((answer.header("content-type"), answer.text().as_str()), (Some(kind), text), "{path}");
        assert_eq!(answer.header("cache-control"), Some("no-cache"));
        assert!(answer.header("last-modified").unwrap().ends_with(" GMT"));
    }
    let tag = server.get("/engine.wasm").header("etag").unwrap().to_owned();
    let again = |tag: &str| server.ask("GET", "/engine.wasm", &[("if-none-match", tag)], b"");
    assert_eq!(
        (again(&tag).status, again(&format!("\"x\", W/{tag}")).status, again("\"x\"").status),
        (304, 304, 200)
    );
    // A model of the same length, as of the next run.
    write("engine.wasm", "WASM");
    let changed = again(&tag);
    assert_eq!((changed.status, changed.text().as_str()), (200, "WASM"));
    // The API stands beside it.
    assert_eq!(server.get("/healthz").status, 200);
    assert_eq!(server.get("/sub").status, 404);
}

#[test]
fn head_tells_the_length_alone() {
    let server = Running::new();
    for path in ["/", "/api/model", "/healthz"] {
        let length = server.get(path).body.len().to_string();
        let mut client = server.connect();
        client.send(&server.request("HEAD", path, &[("connection", "close")], b""));
        let head = client.head().unwrap();
        assert_eq!((head.status, head.header("content-length")), (200, Some(length.as_str())), "{path}");
        assert!(client.ends());
    }
}
