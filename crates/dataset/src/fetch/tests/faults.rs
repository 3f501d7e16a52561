//! Whatever a server does, no bad file gets its final name, and nothing else is left in the folder.

use std::fs;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::super::*;
use super::fault_server::{FaultServer, MadeUp, answer, gzip, head};

fn quiet(_: FetchEvent) {}

/// A file that does not pack well, so that every byte of its `.gz` counts.
fn made_up() -> MadeUp {
    MadeUp::new((0..100_u32).map(|i| (i * i * 7 % 251) as u8).collect())
}

/// A server with faults, a good one, and a data directory that both bring files to.
struct Servers {
    made: MadeUp,
    faulty: FaultServer,
    good: FaultServer,
    /// What the faulty server answers next: to a request for the `.gz`, and to one for the file as it
    /// is kept.
    says: Arc<Mutex<[Vec<u8>; 2]>>,
    data: TempDir,
}

impl Servers {
    fn new(made: MadeUp) -> Self {
        let says = Arc::new(Mutex::new([Vec::new(), Vec::new()]));
        let said = Arc::clone(&says);
        let faulty = FaultServer::start(move |path, stream| {
            let answer = said.lock().unwrap()[usize::from(!path.ends_with(".gz"))].clone();
            stream.write_all(&answer)
        });
        Self { good: made.server(), data: TempDir::new().unwrap(), made, faulty, says }
    }

    fn fetch_from(&self, servers: &[&FaultServer]) -> Result<(), FetchError> {
        let places: Vec<Place<'_>> = servers.iter().map(|server| Place::Mirror(server.url())).collect();
        fetch(Entry::Mnist, vec![self.made.file], self.data.path(), &places, &mut quiet)
    }

    fn left(&self) -> Vec<String> {
        let entries = fs::read_dir(self.data.path().join("mnist")).into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    }

    /// The answers of `servers` are refused and leave nothing, and the good server then brings the file.
    /// Returns the error's text.
    fn refuses(&self, what: &str, servers: &[&FaultServer]) -> String {
        let message = self.fetch_from(servers).expect_err(what).to_string();
        assert_eq!(self.left(), [""; 0], "{what}");
        self.fetch_from(&[&self.good]).unwrap();
        assert_eq!(self.left(), ["made-up"], "{what}");
        let path = self.data.path().join("mnist/made-up");
        assert_eq!(fs::read(&path).unwrap(), self.made.content, "{what}");
        fs::remove_file(path).unwrap();
        message
    }

    /// The same, where the faulty server gives this answer to every request.
    fn refuses_packed(&self, what: &str, answer: Vec<u8>) -> String {
        *self.says.lock().unwrap() = [answer.clone(), answer];
        self.refuses(what, &[&self.faulty])
    }

    /// The same, where the faulty server has no `.gz` and gives this answer for the file as it is kept.
    fn refuses_plain(&self, what: &str, plain: Vec<u8>) -> String {
        *self.says.lock().unwrap() = [answer("404 Not Found", b""), plain];
        self.refuses(what, &[&self.faulty])
    }
}

#[test]
fn a_body_cut_off_at_any_byte_is_refused() {
    let servers = Servers::new(made_up());
    let packed = answer("200 OK", &servers.made.packed);
    for length in 0..packed.len() {
        servers.refuses_packed(&format!("{length} bytes of the .gz's answer"), packed[..length].to_vec());
    }
    let plain = answer("200 OK", &servers.made.content);
    for length in plain.len() - servers.made.content.len()..plain.len() {
        servers.refuses_plain(&format!("{length} bytes of the file's answer"), plain[..length].to_vec());
    }
    // Without a length, the end of the connection looks like the end of the file.
    for length in 0..servers.made.packed.len() {
        let answer = [&head("200 OK", ""), &servers.made.packed[..length]].concat();
        let message = servers.refuses_packed(&format!("{length} bytes without a length"), answer);
        // Without the two bytes that gzip begins with, they are taken for the file as it is kept.
        let length = format!("made-up.gz: found {length} bytes, expected 100");
        let expected = ["made-up.gz: not a gzip file that unpacks to 100 bytes", &length];
        assert!(expected.iter().any(|reason| message.contains(reason)), "{message}");
    }
}

#[test]
fn a_flipped_bit_in_any_byte_is_refused_or_changes_nothing() {
    let servers = Servers::new(made_up());
    let flipped = |bytes: &[u8], i: usize| {
        let mut bytes = bytes.to_vec();
        bytes[i] ^= 1 << (i % 8);
        bytes
    };
    let mut harmless = 0;
    for i in 0..servers.made.packed.len() {
        let packed = flipped(&servers.made.packed, i);
        // A few bits of the header say when and on what system the file was packed.
        if crate::verify::content::gunzip(&packed, 100).is_ok_and(|content| content == servers.made.content) {
            harmless += 1;
            continue;
        }
        servers.refuses_packed(&format!("byte {i}"), answer("200 OK", &packed));
    }
    assert!(harmless <= 7, "{harmless}");
    for i in 0..servers.made.content.len() {
        let plain = flipped(&servers.made.content, i);
        let message = servers.refuses_plain(&format!("byte {i}"), answer("200 OK", &plain));
        assert!(message.contains("made-up: found SHA-256 "), "{message}");
    }
}

#[test]
fn a_wrong_length_is_refused() {
    let servers = Servers::new(made_up());
    let (packed, content) = (&servers.made.packed, &servers.made.content);
    let expected = packed.len();
    // What is cut off, or not packed at all.
    let cut = "made-up.gz: not a gzip file that unpacks to 100 bytes";
    let chunk = [b"5\r\n".as_slice(), &packed[..5], b"\r\n"].concat();
    let chunked = head("200 OK", "Transfer-Encoding: chunked\r\n");
    let understated = [&head("200 OK", &format!("Content-Length: {}\r\n", expected - 1)), &**packed].concat();
    let overstated = [&head("200 OK", &format!("Content-Length: {}\r\n", u64::MAX)), &**packed].concat();
    for (what, answer, reason) in [
        ("one byte less", answer("200 OK", &packed[..expected - 1]), cut),
        ("nothing", answer("200 OK", b""), "found 0 bytes, expected 100; it is an empty file"),
        ("a length that is too small", understated, cut),
        ("a length that is too large", overstated, "made-up.gz: "),
        ("chunks that end early", [&*chunked, &chunk, b"0\r\n\r\n"].concat(), cut),
        ("chunks without an end", [&*chunked, &chunk].concat(), "made-up.gz: "),
        ("a chunk without a length", [&*chunked, b"what?\r\n"].concat(), "made-up.gz: "),
    ] {
        let message = servers.refuses_packed(what, answer);
        assert!(message.contains(reason), "{what}: {message}");
    }
    for wrong in [&content[..99], &[content.as_slice(), b"x"].concat()] {
        let message = servers.refuses_plain("another length", answer("200 OK", wrong));
        assert!(message.contains(&format!("found {} bytes, expected 100", wrong.len())), "{message}");
    }
}

#[test]
fn other_answers_than_the_file_are_refused() {
    let servers = Servers::new(made_up());
    let page = b"<html>Log in to the school's network</html>";
    for (what, answer, reason) in [
        ("no answer", Vec::new(), "made-up.gz: "),
        ("no HTTP", b"220 mail.example ESMTP\r\n".to_vec(), "made-up.gz: "),
        ("a page", answer("200 OK", page), "made-up.gz: found 43 bytes, expected 100; it is a web page"),
        ("no content", head("204 No Content", ""), "made-up.gz: found 0 bytes"),
        ("no", answer("403 Forbidden", page), "made-up.gz: http status: 403; made-up: http status: 403"),
        ("neither is there", answer("404 Not Found", page), "holds neither made-up.gz nor made-up"),
        ("broken", answer("500 Internal Server Error", &servers.made.packed), "made-up.gz: http status: 500"),
        ("busy", answer("503 Service Unavailable", page), "made-up.gz: http status: 503"),
    ] {
        let message = servers.refuses_packed(what, answer);
        assert!(message.contains(reason), "{what}: {message}");
    }
    let message = servers.refuses_plain("broken", answer("500 Internal Server Error", page));
    assert!(message.contains("made-up: http status: 500"), "{message}");
}

#[test]
fn a_redirection_to_a_page_or_in_a_circle_is_refused() {
    let servers = Servers::new(made_up());
    let page = FaultServer::start(|path, stream| match path {
        "/portal" => stream.write_all(&answer("200 OK", b"<html>Log in</html>")),
        _ => stream.write_all(&head("302 Found", "Location: /portal\r\nContent-Length: 0\r\n")),
    });
    let message = servers.refuses("redirected to a page", &[&page]);
    assert!(message.contains("made-up.gz: found 19 bytes"), "{message}");
    let circle = FaultServer::start(|_, stream| {
        stream.write_all(&head("302 Found", "Location: /again\r\nContent-Length: 0\r\n"))
    });
    let message = servers.refuses("a circle", &[&circle]);
    assert!(message.contains("made-up.gz: too many redirects"), "{message}");
}

#[test]
fn an_answer_without_an_end_is_left_when_it_is_too_long() {
    let servers = Servers::new(made_up());
    let began = Instant::now();
    let body = FaultServer::start(|_, stream| {
        stream.write_all(&head("200 OK", ""))?;
        loop {
            stream.write_all(&[0; 4096])?;
        }
    });
    let message = servers.refuses("an endless body", &[&body]);
    let most = crate::verify::content::most_packed(servers.made.file);
    assert!(message.contains(&format!("made-up.gz: found {} bytes", most + 1)), "{message}");
    let headers = FaultServer::start(|_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\n")?;
        loop {
            stream.write_all(b"X-More: and more\r\n")?;
        }
    });
    servers.refuses("endless headers", &[&headers]);
    assert!(began.elapsed() < Duration::from_secs(15));
}

#[test]
fn gzip_streams_that_are_not_the_file_are_refused() {
    let content = made_up().content;
    let packed = made_up().packed;
    let longer = [content.as_slice(), b"x"].concat();
    for (what, packed, reason) in [
        ("a bomb", gzip(&vec![0; 30_000_000]), "found 101 bytes, expected 100"),
        ("one byte more", gzip(&longer), "found 101 bytes, expected 100"),
        ("one byte less", gzip(&content[..99]), "found 99 bytes, expected 100"),
        ("another content", gzip(&longer[1..]), "made-up: found SHA-256 "),
        ("no end", packed[..packed.len() - 1].to_vec(), "not a gzip file that unpacks to 100 bytes"),
        ("half", packed[..packed.len() / 2].to_vec(), "not a gzip file that unpacks to 100 bytes"),
        ("a packed page", gzip(b"<html>404</html>"), "found 16 bytes, expected 100; it is a web page"),
    ] {
        let made = MadeUp::with_packed(content.clone(), packed);
        let good = MadeUp::new(content.clone());
        let (data, server) = (TempDir::new().unwrap(), made.server());
        let places = [Place::Mirror(server.url())];
        let error = fetch(Entry::Mnist, vec![made.file], data.path(), &places, &mut quiet).unwrap_err();
        assert!(error.to_string().contains(reason), "{what}: {error}");
        assert_eq!(fs::read_dir(data.path()).unwrap().count(), 0, "{what}");
        let (good, server) = (good.file, good.server());
        let places = [Place::Mirror(server.url())];
        fetch(Entry::Mnist, vec![good], data.path(), &places, &mut quiet).unwrap();
        assert_eq!(fs::read(data.path().join("mnist/made-up")).unwrap(), content, "{what}");
    }
}

#[test]
fn after_a_bad_mirror_the_next_place_is_used_and_both_are_told() {
    let servers = Servers::new(made_up());
    *servers.says.lock().unwrap() = [answer("200 OK", b"<html></html>"), Vec::new()];
    let places = [&servers.faulty, &servers.good, &servers.faulty].map(|server| Place::Mirror(server.url()));
    let mut seen = Vec::new();
    let wanted = vec![servers.made.file];
    fetch(Entry::Mnist, wanted, servers.data.path(), &places, &mut |event| seen.push(event)).unwrap();
    let [bad, good] =
        [&servers.faulty, &servers.good].map(|server| format!("{} (from {MIRROR})", server.url()));
    let total = servers.made.packed.len() as u64;
    let path = servers.data.path().join("mnist/made-up");
    assert_eq!(fs::read(&path).unwrap(), servers.made.content);
    assert_eq!(seen[0], FetchEvent::Source { title: "MNIST", source: bad.clone() });
    let failed =
        |event: &FetchEvent| matches!(event, FetchEvent::SourceFailed { source, .. } if *source == bad);
    assert!(seen[1..3].iter().any(failed), "{seen:?}");
    assert_eq!(seen[seen.len() - 3], FetchEvent::Source { title: "MNIST", source: good });
    assert_eq!(seen[seen.len() - 2], FetchEvent::Progress { file: "made-up", done: total, total });
    assert_eq!(seen[seen.len() - 1], FetchEvent::Stored { path, bytes: 100 });
}

#[test]
fn a_mirror_may_have_the_files_as_they_are_kept_whatever_it_says_to_the_other_name() {
    let servers = Servers::new(made_up());
    for refusal in [
        answer("404 Not Found", b""),
        answer("403 Forbidden", b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>"),
        answer("410 Gone", b""),
        answer("401 Unauthorized", b""),
        answer("500 Internal Server Error", b""),
        answer("503 Service Unavailable", b""),
        answer("200 OK", b"<!doctype html><title>No such file</title>"),
        answer("200 OK", b""),
        head("302 Found", "Location: made-up.gz\r\nContent-Length: 0\r\n"),
    ] {
        let what = String::from_utf8_lossy(&refusal).into_owned();
        *servers.says.lock().unwrap() = [refusal, answer("200 OK", &servers.made.content)];
        servers.fetch_from(&[&servers.faulty]).expect(&what);
        assert_eq!(servers.left(), ["made-up"], "{what}");
        let path = servers.data.path().join("mnist/made-up");
        assert_eq!(fs::read(&path).unwrap(), servers.made.content, "{what}");
        fs::remove_file(path).unwrap();
    }
}

/// A class's mirror has packed the files again, cut them into members, or serves either under either name.
#[test]
fn a_mirror_may_pack_the_files_in_its_own_way() {
    let made = made_up();
    let content = made.content.clone();
    let mut stored =
        flate2::GzBuilder::new().filename("made-up").write(Vec::new(), flate2::Compression::none());
    stored.write_all(&content).unwrap();
    let stored = stored.finish().unwrap();
    assert_ne!(stored.len(), made.packed.len());
    let members = [gzip(&content[..40]), gzip(&content[40..])].concat();
    let padded = [made.packed.as_slice(), &[0; 512]].concat();
    for (what, bytes) in [
        ("stored", stored.clone()),
        ("members", members),
        ("padded with zeros", padded),
        ("raw under the packed name", content.clone()),
    ] {
        let servers = Servers::new(made_up());
        *servers.says.lock().unwrap() = [answer("200 OK", &bytes), answer("404 Not Found", b"")];
        servers.fetch_from(&[&servers.faulty]).expect(what);
        assert_eq!(fs::read(servers.data.path().join("mnist/made-up")).unwrap(), content, "{what}");
    }
    let servers = Servers::new(made);
    *servers.says.lock().unwrap() = [answer("404 Not Found", b""), answer("200 OK", &servers.made.packed)];
    let mut seen = Vec::new();
    let places = [Place::Mirror(servers.faulty.url())];
    let wanted = || vec![servers.made.file];
    fetch(Entry::Mnist, wanted(), servers.data.path(), &places, &mut quiet)
        .expect("packed under the raw name");
    fs::remove_file(servers.data.path().join("mnist/made-up")).unwrap();
    *servers.says.lock().unwrap() = [answer("200 OK", &stored), Vec::new()];
    fetch(Entry::Mnist, wanted(), servers.data.path(), &places, &mut |event| seen.push(event)).unwrap();
    let total = stored.len() as u64;
    let all = FetchEvent::Progress { file: "made-up", done: total, total };
    assert!(seen.contains(&all), "the total is what the server says: {seen:?}");
}
