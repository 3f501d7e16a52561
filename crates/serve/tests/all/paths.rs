//! Paths that lead out of the folder that is served, or try to.

use std::fs;

use tempfile::TempDir;

use crate::client::Running;

const HOSTILE: [&str; 24] = [
    "/../secret.txt",
    "/../../etc/passwd",
    "/..",
    "/../",
    "/./../secret.txt",
    "/site/../../secret.txt",
    "/%2e%2e/secret.txt",
    "/%2E%2E/secret.txt",
    "/.%2e/secret.txt",
    "/%2e%2e%2fsecret.txt",
    "/..%2fsecret.txt",
    "/..%5csecret.txt",
    "/..\\secret.txt",
    "/%252e%252e/secret.txt",
    "/%c0%ae%c0%ae/secret.txt",
    "/..;/secret.txt",
    "/..%00/secret.txt",
    "/script.js%00.html",
    "//etc/passwd",
    "/%2fetc/passwd",
    "/etc/passwd",
    "/c:/secret.txt",
    "/link/secret.txt",
    "/.hidden",
];

#[test]
fn nothing_beside_the_folder_is_ever_sent() {
    let folder = TempDir::new().unwrap();
    let site = folder.path().join("site");
    fs::create_dir(&site).unwrap();
    fs::write(site.join("index.html"), "the page").unwrap();
    fs::write(site.join("script.js"), "the script").unwrap();
    fs::write(site.join(".hidden"), "a secret").unwrap();
    fs::write(folder.path().join("secret.txt"), "a secret").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(folder.path(), site.join("link")).unwrap();
    let server = Running::with(|settings| settings.web = Some(site.clone()));
    for path in HOSTILE {
        let mut client = server.connect();
        client.send(&server.request("GET", path, &[], b""));
        let answer = client.response();
        assert!(matches!(answer.failure().0, 400 | 404), "{path}: {}", answer.text());
        assert!(!answer.text().contains("secret.txt") && !answer.text().contains("root:"), "{path}");
    }
    for (path, text) in [("/", "the page"), ("/script.js", "the script"), ("/index.html?x=/../y", "the page")]
    {
        assert_eq!(server.get(path).text(), text, "{path}");
    }
}
