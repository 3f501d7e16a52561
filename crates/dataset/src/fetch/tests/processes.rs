//! Files stay whole when several processes and threads fetch them at once, and when a process is killed.
//!
//! A test that needs another process starts this test program again and runs only itself in it. The
//! environment variable [`CHILD`] tells the child what to do.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::super::partial::PREFIX;
use super::super::*;
use super::fault_server::{FaultServer, MadeUp, answer, head};

/// Its value has two lines: the data directory, and the server's address, which may be empty.
const CHILD: &str = "MNIST_CNN_TEST_CHILD";
/// The exit code of a child that did its task. No test program ends with it otherwise.
pub(super) const DONE: i32 = 42;

fn quiet(_: FetchEvent) {}

/// A file that is too large to be written in one go, and the same in every process.
fn made_up() -> MadeUp {
    MadeUp::new((0..2_000_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect())
}

fn fetch_from_server(url: &str, data: &Path) -> Result<(), FetchError> {
    let places = [Place::Mirror(url.to_owned())];
    fetch(Entry::Mnist, vec![made_up().file], data, &places, &mut quiet)
}

pub(super) fn command(test: &str, data: &Path, url: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", &format!("fetch::tests::{test}")])
        .env(CHILD, format!("{}\n{url}", data.display()))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// The data directory and the address that [`command`] handed over, if this process is the child.
pub(super) fn handed_over() -> Option<(PathBuf, String)> {
    let text = std::env::var(CHILD).ok()?;
    let (data, url) = text.split_once('\n').unwrap();
    Some((PathBuf::from(data), url.to_owned()))
}

/// Kills a child when it is dropped, so also when the test fails before.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

fn names(data: &Path) -> Vec<String> {
    let entries = fs::read_dir(data.join("mnist")).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// Looks at a file until it is told to stop. Returns how often the file was there; it must be whole each
/// time.
fn watch(path: &Path, whole: &[u8], stop: &AtomicBool) -> usize {
    let mut seen = 0;
    while !stop.load(Ordering::SeqCst) {
        if let Ok(bytes) = fs::read(path) {
            assert!(bytes == whole, "{} bytes of {} have the final name", bytes.len(), whole.len());
            seen += 1;
        }
    }
    seen
}

#[test]
fn two_processes_and_two_threads_at_once_all_end_well() {
    if let Some((data, url)) = handed_over() {
        fetch_from_server(&url, &data).unwrap();
        std::process::exit(DONE);
    }
    let made = made_up();
    let together = Barrier::new(4);
    let whole = answer("200 OK", &made.packed);
    let server = FaultServer::start(move |_, stream| {
        // The answers begin when all four have asked.
        together.wait();
        stream.write_all(&whole)
    });
    let mut seen = 0;
    for round in 0..20 {
        let data = TempDir::new().unwrap();
        let path = data.path().join("mnist/made-up");
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            let watcher = scope.spawn(|| watch(&path, &made.content, &stop));
            let test = "processes::two_processes_and_two_threads_at_once_all_end_well";
            let children = [(); 2].map(|()| command(test, data.path(), &server.url()).spawn().unwrap());
            let threads = [(); 2].map(|()| scope.spawn(|| fetch_from_server(&server.url(), data.path())));
            let threads = threads.map(|thread| thread.join().unwrap());
            let children = children.map(|mut child| child.wait().unwrap().code());
            stop.store(true, Ordering::SeqCst);
            seen += watcher.join().unwrap();
            assert!(threads.iter().all(Result::is_ok), "round {round}: {threads:?}");
            assert_eq!(children, [Some(DONE); 2], "round {round}");
        });
        assert_eq!(names(data.path()), ["made-up"], "round {round}");
        assert_eq!(verify::report(&path, made.file).status, Status::Ok, "round {round}");
    }
    assert!(seen > 0, "the watcher never saw the file");
}

#[test]
fn a_process_killed_while_bytes_come_leaves_nothing() {
    if let Some((data, url)) = handed_over() {
        fetch_from_server(&url, &data).unwrap();
        std::process::exit(DONE);
    }
    let made = made_up();
    let half = [head("200 OK", "Content-Length: 1000000\r\n"), vec![0; 500_000]].concat();
    let (sent, under_way) = mpsc::channel();
    let sent = Mutex::new(sent);
    let stalled = FaultServer::start(move |_, stream| {
        stream.write_all(&half)?;
        sent.lock().unwrap().send(()).unwrap();
        thread::sleep(Duration::from_secs(20));
        Ok(())
    });
    let data = TempDir::new().unwrap();
    let test = "processes::a_process_killed_while_bytes_come_leaves_nothing";
    let child = Killed(command(test, data.path(), &stalled.url()).spawn().unwrap());
    under_way.recv_timeout(Duration::from_secs(20)).unwrap();
    drop(child);
    assert!(!data.path().join("mnist/made-up").exists());
    fetch_from_server(&made.server().url(), data.path()).unwrap();
    assert_eq!(names(data.path()), ["made-up"]);
}

#[test]
fn what_a_process_killed_while_writing_leaves_is_swept_but_not_while_it_lives() {
    if let Some((data, _)) = handed_over() {
        let mut file = partial::create(&data.join("mnist")).unwrap();
        file.write_all(&made_up().content[..1_000_000]).unwrap();
        thread::sleep(Duration::from_secs(20));
        std::process::exit(DONE);
    }
    let made = made_up();
    let good = made.server();
    let data = TempDir::new().unwrap();
    fs::create_dir(data.path().join("mnist")).unwrap();
    let test = "processes::what_a_process_killed_while_writing_leaves_is_swept_but_not_while_it_lives";
    let child = Killed(command(test, data.path(), "").spawn().unwrap());
    let half_written = || {
        let entries = fs::read_dir(data.path().join("mnist")).unwrap().flatten();
        let mut files = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX));
        files.any(|entry| entry.metadata().unwrap().len() == 1_000_000)
    };
    let began = Instant::now();
    while !half_written() {
        assert!(began.elapsed() < Duration::from_secs(20), "the child writes nothing");
        thread::sleep(Duration::from_millis(5));
    }
    fetch_from_server(&good.url(), data.path()).unwrap();
    assert!(half_written(), "another process's file was taken away while it was being written");
    fs::remove_file(data.path().join("mnist/made-up")).unwrap();
    drop(child);
    assert!(half_written(), "the killed process left nothing: this test tests nothing");
    assert!(!data.path().join("mnist/made-up").exists());
    fetch_from_server(&good.url(), data.path()).unwrap();
    assert_eq!(names(data.path()), ["made-up"]);
    assert_eq!(fs::read(data.path().join("mnist/made-up")).unwrap(), made.content);
}

#[test]
fn the_mirror_of_the_environment_is_asked_first_and_for_the_data_sets_folder() {
    if let Some((data, _)) = handed_over() {
        let mut asked = Vec::new();
        let mut stop = |event| {
            if let FetchEvent::Source { source, .. } = event {
                asked.push(source);
            }
            // The next place would be on the network, so the process ends before it is asked.
            let mirror_first = asked.first().is_none_or(|first| first.ends_with(" (from MNIST_CNN_MIRROR)"));
            if !mirror_first || asked.len() == 2 {
                std::process::exit(if mirror_first { DONE } else { 1 });
            }
        };
        drop(download(Name::FASHION_MNIST, &[Split::Test], &data, None, false, &mut stop));
        return;
    }
    let asked = Arc::new(Mutex::new(Vec::new()));
    let paths = Arc::clone(&asked);
    let server = FaultServer::start(move |path, stream| {
        paths.lock().unwrap().push(path.to_owned());
        stream.write_all(&answer("404 Not Found", b""))
    });
    let data = TempDir::new().unwrap();
    let test = "processes::the_mirror_of_the_environment_is_asked_first_and_for_the_data_sets_folder";
    let mut command = command(test, data.path(), "");
    let status = command.env(MIRROR, server.url()).status().unwrap();
    assert_eq!(status.code(), Some(DONE));
    let folder = "/fashion-mnist/t10k-images-idx3-ubyte";
    assert_eq!(*asked.lock().unwrap(), [format!("{folder}.gz"), folder.to_owned()]);
}
