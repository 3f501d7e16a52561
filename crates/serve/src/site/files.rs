//! The files of a folder, and nothing beside them.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use crate::site::page::Page;

/// No file of a page is larger.
const LARGEST: u64 = 256 << 20;
const INDEX: &str = "index.html";

/// A folder that is served. Each file is kept in memory once, however many clients take it slowly, until it changes.
#[derive(Debug)]
pub(crate) struct Folder {
    /// Without links.
    root: PathBuf,
    kept: Mutex<HashMap<PathBuf, Kept>>,
}

#[derive(Debug)]
struct Kept {
    /// Length and time of the file when it was read.
    state: (u64, Option<SystemTime>),
    page: Arc<Page>,
}

impl Folder {
    /// # Errors
    /// If it has no `index.html`.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        let root = folder.canonicalize()?;
        File::open(root.join(INDEX))?;
        Ok(Self { root, kept: Mutex::default() })
    }

    /// The file of a request's path, if it lies in the folder.
    pub(crate) fn find(&self, path: &str) -> Option<Arc<Page>> {
        let file = self.root.join(relative(path)?);
        // A link may lead out of the folder.
        let file = file.canonicalize().ok().filter(|file| file.starts_with(&self.root))?;
        let metadata = fs::metadata(&file).ok().filter(|data| data.is_file() && data.len() <= LARGEST)?;
        let state = (metadata.len(), metadata.modified().ok());
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = kept.get(&file).filter(|kept| kept.state == state) {
            return Some(Arc::clone(&kept.page));
        }
        let mut bytes = Vec::new();
        File::open(&file).ok()?.take(LARGEST).read_to_end(&mut bytes).ok()?;
        let page = Arc::new(Page::new(bytes.into(), kind(&file), state.1));
        kept.insert(file, Kept { state, page: Arc::clone(&page) });
        Some(page)
    }
}

/// A request's path as a path below a folder. Parts that lead elsewhere, or to what is hidden, lead nowhere.
fn relative(path: &str) -> Option<PathBuf> {
    let path = path.strip_prefix('/')?;
    let mut relative = PathBuf::new();
    let mut parts = path.split('/').peekable();
    while let Some(part) = parts.next() {
        if part.is_empty() && parts.peek().is_none() {
            relative.push(INDEX);
            break;
        }
        let name = decoded(part)?;
        let is_special = |c: char| matches!(c, '/' | '\\' | ':') || c.is_control();
        if name.is_empty() || name.starts_with('.') || name.contains(is_special) {
            return None;
        }
        relative.push(name);
    }
    Some(relative)
}

/// A part of a path without the signs that stand for others, as `%20` for a space.
fn decoded(part: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let [first, behind @ ..] = rest {
        if *first != b'%' {
            bytes.push(*first);
            rest = behind;
            continue;
        }
        let digits = behind.get(..2).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
        bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
        rest = behind.get(2..)?;
    }
    String::from_utf8(bytes).ok()
}

/// The type of a file, by its name. A browser runs WebAssembly only under its own.
fn kind(file: &Path) -> &'static str {
    match file.extension().and_then(|extension| extension.to_str()).unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" | "map" => "application/json",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "txt" | "md" => "text/plain; charset=utf-8",
        "webmanifest" => "application/manifest+json",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lie_below_the_folder() {
        let found = |path| relative(path).map(|path| path.display().to_string());
        assert_eq!(found("/"), Some("index.html".into()));
        assert_eq!(found("/a/b%20c.js"), Some("a/b c.js".into()));
        assert_eq!(found("/a/"), Some("a/index.html".into()));
        for path in [
            "",
            "a",
            "//a",
            "/a//b",
            "/../a",
            "/%2e%2e/a",
            "/a/..%2fb",
            "/a%5cb",
            "/%00",
            "/.git/config",
            "/%",
            "/%zz",
            "/%ff",
            "/c:/x",
        ] {
            assert_eq!(found(path), None, "{path}");
        }
    }

    #[test]
    fn a_file_that_changes_is_read_again_and_one_outside_is_not_found() {
        let folder = tempfile::TempDir::new().unwrap();
        let outside = tempfile::NamedTempFile::new().unwrap();
        fs::write(folder.path().join(INDEX), "one").unwrap();
        let files = Folder::open(folder.path()).unwrap();
        let first = files.find("/").unwrap();
        assert!(Arc::ptr_eq(&first, &files.find("/index.html").unwrap()));
        fs::write(folder.path().join(INDEX), "three").unwrap();
        assert!(!Arc::ptr_eq(&first, &files.find("/").unwrap()));
        assert!(files.find("/missing").is_none());
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(outside.path(), folder.path().join("link")).unwrap();
            std::os::unix::fs::symlink(folder.path().join(INDEX), folder.path().join("inside")).unwrap();
            assert!(files.find("/link").is_none() && files.find("/inside").is_some());
        }
    }
}
