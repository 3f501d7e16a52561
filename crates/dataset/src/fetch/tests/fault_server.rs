//! A web server on this machine, for tests. It answers with whatever bytes a test makes up.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::catalog::{DataFile, Role};
use crate::split::Split;

/// The server ends when it is dropped; answers that have begun are still sent.
pub(crate) struct FaultServer {
    address: SocketAddr,
    ended: Arc<AtomicBool>,
    listening: Option<JoinHandle<()>>,
}

impl FaultServer {
    /// Starts the server. `answer` gets the path of a request, and writes the whole answer to the stream.
    pub(crate) fn start(
        answer: impl Fn(&str, &mut TcpStream) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let ended = Arc::new(AtomicBool::new(false));
        let (answer, end) = (Arc::new(answer), Arc::clone(&ended));
        let listening = thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if end.load(Ordering::SeqCst) {
                    break;
                }
                let answer = Arc::clone(&answer);
                // The result is of no interest: a test may well want a client that hangs up.
                thread::spawn(move || drop(serve(stream, &*answer)));
            }
        });
        Self { address, ended, listening: Some(listening) }
    }

    /// The server's address, with the slash at its end.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }
}

impl Drop for FaultServer {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        // The thread looks at `ended` only when a client connects, so this connects once more.
        drop(TcpStream::connect(self.address));
        drop(self.listening.take().map(JoinHandle::join));
    }
}

fn serve(mut stream: TcpStream, answer: &dyn Fn(&str, &mut TcpStream) -> io::Result<()>) -> io::Result<()> {
    let mut path = String::new();
    for (number, line) in BufReader::new(stream.try_clone()?).lines().enumerate() {
        let line = line?;
        if number == 0 {
            path = line.split(' ').nth(1).unwrap_or_default().to_owned();
        }
        if line.is_empty() {
            break;
        }
    }
    answer(&path, &mut stream)
}

/// The head of an answer. Each of the `headers` brings its own end of line.
pub(crate) fn head(status: &str, headers: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\n{headers}Connection: close\r\n\r\n").into_bytes()
}

/// A whole answer, with its length.
pub(crate) fn answer(status: &str, body: &[u8]) -> Vec<u8> {
    [head(status, &format!("Content-Length: {}\r\n", body.len())), body.to_vec()].concat()
}

/// A file that no catalog lists: its entry, its content, and the compressed file of the mirrors.
pub(crate) struct MadeUp {
    pub(crate) file: &'static DataFile,
    pub(crate) content: Vec<u8>,
    pub(crate) packed: Vec<u8>,
}

impl MadeUp {
    pub(crate) fn new(content: Vec<u8>) -> Self {
        let packed = gzip(&content);
        Self::with_packed(content, packed)
    }

    /// A file that the server packs in this way.
    pub(crate) fn with_packed(content: Vec<u8>, packed: Vec<u8>) -> Self {
        // A catalog's entries last as long as the program, hence the leak.
        let file = DataFile {
            packed_bytes: packed.len() as u64,
            ..DataFile::of_content(Split::Test, Role::Labels, "made-up".to_owned(), &content, [28, 28])
        };
        Self { file: Box::leak(Box::new(file)), content, packed }
    }

    /// A server that has the compressed file.
    pub(crate) fn server(&self) -> FaultServer {
        let whole = answer("200 OK", &self.packed);
        FaultServer::start(move |_, stream| stream.write_all(&whole))
    }
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
