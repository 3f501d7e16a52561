//! HTTPS servers whose certificates only the system knows, and proxies.
//!
//! The certificates in `tests/tls` were made for these tests and are valid for 127.0.0.1 alone, for a hundred
//! years. Their keys guard nothing.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tempfile::TempDir;

use super::super::*;
use super::fault_server::{MadeUp, answer};
use super::processes::{DONE, command, handed_over};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tls").join(name)
}

fn made_up() -> MadeUp {
    MadeUp::new((0..1000_u32).map(|i| (i * i * 7 % 251) as u8).collect())
}

/// Starts a server that gives the packed file over HTTPS until the test ends. Returns its address.
fn https_server() -> String {
    let certificate = CertificateDer::from_pem_file(fixture("server.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(fixture("server-key.pem")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("https://{}/", listener.local_addr().unwrap());
    let whole = answer("200 OK", &made_up().packed);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = StreamOwned::new(connection, stream);
            let request = BufReader::new(&mut stream).lines();
            // A client that does not trust the server hangs up here.
            if request.map_while(Result::ok).any(|line| line.is_empty()) {
                drop(stream.write_all(&whole));
                stream.conn.send_close_notify();
                drop(stream.flush());
            }
        }
    });
    address
}

/// What a child does in the tests here: it fetches the file, and writes the error into the data directory.
fn fetch_in_child(data: &Path, url: &str) -> ! {
    let places = [Place::Mirror(url.to_owned())];
    let result = fetch(Entry::Mnist, vec![made_up().file], data, &places, &mut |_| ());
    let said = result.err().map(|error| error.to_string()).unwrap_or_default();
    fs::write(data.join("said"), said).unwrap();
    std::process::exit(DONE);
}

/// Runs this test in a child with these environment variables. Returns the error that it met.
fn said_by_child(test: &str, url: &str, environment: &[(&str, &Path)]) -> String {
    let data = TempDir::new().unwrap();
    let mut command = command(&format!("tls::{test}"), data.path(), url);
    for name in ["ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "SSL_CERT_DIR"] {
        command.env_remove(name).env_remove(name.to_lowercase());
    }
    let status = command.envs(environment.iter().copied()).status().unwrap();
    assert_eq!(status.code(), Some(DONE));
    assert_eq!(
        data.path().join("mnist/made-up").exists(),
        fs::read(data.path().join("said")).unwrap().is_empty()
    );
    fs::read_to_string(data.path().join("said")).unwrap()
}

#[test]
fn the_systems_certificates_count_as_well() {
    if let Some((data, url)) = handed_over() {
        fetch_in_child(&data, &url);
    }
    let test = "the_systems_certificates_count_as_well";
    let url = https_server();
    assert_eq!(said_by_child(test, &url, &[("SSL_CERT_FILE", &fixture("root.pem"))]), "");
    let said = said_by_child(test, &url, &[("SSL_CERT_FILE", Path::new("/dev/null"))]);
    assert!(said.contains("UnknownIssuer") && said.contains("SSL_CERT_FILE"), "{said}");
}

#[test]
fn the_proxy_is_named_and_its_password_is_not() {
    if let Some((data, url)) = handed_over() {
        fetch_in_child(&data, &url);
    }
    let test = "the_proxy_is_named_and_its_password_is_not";
    // No server listens on port 9, and no name ends in `invalid`.
    let proxy = Path::new("http://anna:secret@127.0.0.1:9");
    for (variable, url) in [
        ("HTTPS_PROXY", "https://mirror.invalid/mnist/"),
        ("http_proxy", "http://mirror.invalid/mnist/"),
        ("ALL_PROXY", "http://mirror.invalid/mnist/"),
    ] {
        let said = said_by_child(test, url, &[(variable, proxy)]);
        assert!(said.ends_with(" (through the proxy http://***@127.0.0.1:9)"), "{variable}: {said}");
        assert!(!said.contains("secret"), "{variable}: {said}");
    }
    let around = [("HTTPS_PROXY", proxy), ("NO_PROXY", Path::new("mirror.invalid"))];
    let said = said_by_child(test, "https://mirror.invalid/mnist/", &around);
    assert!(said.contains("made-up.gz: ") && !said.contains("proxy"), "{said}");
}
