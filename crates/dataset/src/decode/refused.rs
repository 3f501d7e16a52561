//! Files that people hand over and that are not read: how to tell them, what they are called, what to do.

/// A known kind of file that is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// With an article, as in "a PDF document".
    pub what: &'static str,
    /// What to do instead. Empty if there is nothing to say.
    pub advice: &'static str,
}

impl Refused {
    /// Whether it is an image, in a format that is not read.
    pub fn is_image(&self) -> bool {
        self.advice == CONVERT
    }

    /// What to do, as the end of a sentence.
    pub(super) fn advice(&self) -> String {
        if self.advice.is_empty() { String::new() } else { format!("; {}", self.advice) }
    }
}

const CONVERT: &str = "convert it to PNG or JPEG";
const RENDER: &str = "draw it as a PNG first";
const UNPACK: &str = "unpack it first";

/// Where a file's name stands, its bytes, what it is and what to do.
type Magic = (usize, &'static [u8], &'static str, &'static str);

const MAGICS: [Magic; 44] = [
    (4, b"ftypheic", "a HEIC image", CONVERT),
    (4, b"ftypheix", "a HEIC image", CONVERT),
    (4, b"ftypheim", "a HEIC image", CONVERT),
    (4, b"ftyphevc", "a HEIC image", CONVERT),
    (4, b"ftypmif1", "a HEIF image (HEIC or AVIF)", CONVERT),
    (4, b"ftypmsf1", "a HEIF image (HEIC or AVIF)", CONVERT),
    (4, b"ftypavif", "an AVIF image", CONVERT),
    (4, b"ftypavis", "an AVIF image", CONVERT),
    (4, b"ftypcrx ", "a camera's raw image (CR3)", CONVERT),
    (4, b"ftyp", "a video or another MP4 file", "save one frame of it as a PNG"),
    (0, b"\x00\x00\x00\x0cJXL ", "a JPEG XL image", CONVERT),
    (0, b"\xff\x0a", "a JPEG XL image", CONVERT),
    (0, b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 image", CONVERT),
    (0, b"\xff\x4f\xff\x51", "a JPEG 2000 image", CONVERT),
    (0, b"%PDF", "a PDF document", RENDER),
    (0, b"%!PS", "a PostScript document", RENDER),
    (0, b"8BPS", "a Photoshop document (PSD)", CONVERT),
    (0, b"gimp xcf", "a GIMP document (XCF)", CONVERT),
    (0, b"\x00\x00\x01\x00", "a Windows icon (ICO)", CONVERT),
    (0, b"\x00\x00\x02\x00", "a Windows cursor (CUR)", CONVERT),
    (0, b"icns", "an icon of macOS (ICNS)", CONVERT),
    (0, b"qoif", "a QOI image", CONVERT),
    (0, b"DDS ", "a DDS texture", CONVERT),
    (0, b"\x76\x2f\x31\x01", "an OpenEXR image", CONVERT),
    (0, b"#?RADIANCE", "a Radiance HDR image", CONVERT),
    (0, b"farbfeld", "a farbfeld image", CONVERT),
    (0, b"FUJIFILMCCD-RAW", "a camera's raw image (RAF)", CONVERT),
    (0, b"II*\x00\x10\x00\x00\x00CR", "a camera's raw image (CR2)", CONVERT),
    (0, b"AT&TFORM", "a DjVu document", RENDER),
    (0, b"\x1a\x45\xdf\xa3", "a video (Matroska or WebM)", "save one frame of it as a PNG"),
    (
        0,
        b"\x00\x05\x16\x07",
        "what macOS keeps beside a file (AppleDouble)",
        "hand over the file without ._ in its name",
    ),
    (0, b"\x00\x00\x00\x01Bud1", "what macOS keeps about a folder (.DS_Store)", ""),
    (0, b"\x00\x00\x08\x03", "an IDX file of images", "`mnist-cnn data import` reads it"),
    (0, b"\x00\x00\x08\x01", "an IDX file of labels", "`mnist-cnn data import` reads it with its images"),
    (0, b"\x1f\x8b", "a gzip file", UNPACK),
    (0, b"PK\x03\x04", "a zip archive", UNPACK),
    (0, b"PAR1", "a Parquet file", "`mnist-cnn data import` says how to convert it"),
    (0, b"\x93NUMPY", "a NumPy array", "save its images as PNG"),
    (0, b"\x89HDF", "an HDF5 file", ""),
    (0, b"SQLite format 3", "a SQLite database", ""),
    (0, b"Rar!", "a RAR archive", UNPACK),
    (0, b"7z\xbc\xaf", "a 7-Zip archive", UNPACK),
    (0, b"\xd0\xcf\x11\xe0", "an old document of Microsoft Office, or Thumbs.db", ""),
    (0, b"\x7fELF", "a program", ""),
];

/// What the bytes are, if it is something known that is not read.
pub(super) fn tell(bytes: &[u8]) -> Option<Refused> {
    let is = |(at, magic, ..): &&Magic| bytes.get(*at..).is_some_and(|rest| rest.starts_with(magic));
    if let Some((.., what, advice)) = MAGICS.iter().find(is) {
        return Some(Refused { what, advice });
    }
    if is_safetensors(bytes) {
        return Some(Refused { what: "a safetensors file of weights", advice: "" });
    }
    text(bytes)
}

/// The length of a header of JSON, then the header.
fn is_safetensors(bytes: &[u8]) -> bool {
    let Some((length, rest)) = bytes.split_first_chunk::<8>() else { return false };
    let length = u64::from_le_bytes(*length);
    (2..100_000_000).contains(&length) && rest.starts_with(b"{\"")
}

/// What kind of text the bytes are, if they are any.
fn text(bytes: &[u8]) -> Option<Refused> {
    let begin = &bytes[..bytes.len().min(1024)];
    if begin.starts_with(b"\xff\xfe") || begin.starts_with(b"\xfe\xff") {
        return Some(Refused { what: "a text in UTF-16", advice: "" });
    }
    // A character may be cut in two at the end of the part.
    let text = match std::str::from_utf8(begin) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() && error.valid_up_to() > 0 => {
            std::str::from_utf8(&begin[..error.valid_up_to()]).ok()?
        }
        Err(_) => return None,
    };
    if text.chars().any(|c| c.is_control() && !c.is_whitespace()) {
        return None;
    }
    let text = text.trim_start_matches('\u{feff}').trim_start().to_ascii_lowercase();
    let [what, advice] = if text.starts_with("<!doctype html") || text.starts_with("<html") {
        ["a page in HTML", "a download may have answered with a page instead of the image"]
    } else if text.contains("<svg") {
        ["an SVG drawing", RENDER]
    } else if text.starts_with("<?xml") {
        ["an XML file", ""]
    } else if text.starts_with("data:image/") {
        ["a data URL in a text", "decode its base64 into a file"]
    } else if text.starts_with("version https://git-lfs") {
        ["a pointer of Git LFS", "`git lfs pull` fetches the image"]
    } else if !text.is_empty() {
        ["a text", ""]
    } else {
        ["white space", ""]
    };
    Some(Refused { what, advice })
}
