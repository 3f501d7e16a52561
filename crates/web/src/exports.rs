//! The engine as plain functions of a WebAssembly module.
//!
//! A caller asks for memory with `allocate`, writes bytes there, and calls a function with the address. The functions
//! return 1, or 0 after an error. What they have to say is at `text` and `values` until the next call.
#![allow(unsafe_code, reason = "addresses come from JavaScript; each block says what the caller vouches for")]

use std::cell::RefCell;
use std::slice;

use network::reading::Scope;

use crate::engine::Engine;

thread_local! {
    static ENGINE: RefCell<Engine> = RefCell::default();
}

fn ask(question: impl FnOnce(&mut Engine) -> bool) -> u32 {
    ENGINE.with_borrow_mut(question).into()
}

/// The bytes at an address.
///
/// # Safety
/// `len` bytes there were given out by [`allocate`] and not released, and nothing writes to them meanwhile.
unsafe fn bytes<'a>(address: *const u8, len: usize) -> &'a [u8] {
    // SAFETY: the caller vouches for the memory.
    unsafe { slice::from_raw_parts(address, len) }
}

/// Memory for `len` bytes, at least 1. It stays until [`release`].
#[unsafe(no_mangle)]
pub(crate) extern "C" fn allocate(len: usize) -> *mut u8 {
    Box::into_raw(vec![0u8; len].into_boxed_slice()).cast()
}

/// Gives back memory of [`allocate`], with the length that was asked for.
///
/// # Safety
/// The memory is [`allocate`]'s and has not been given back yet.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn release(address: *mut u8, len: usize) {
    // SAFETY: `allocate` made it of a box of this length.
    drop(unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(address, len)) });
}

/// # Safety
/// As for [`bytes`].
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn load_model(slot: usize, address: *const u8, len: usize) -> u32 {
    // SAFETY: the caller vouches for the memory.
    let bytes = unsafe { bytes(address, len) };
    ask(|engine| engine.load(slot, bytes))
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn describe(slot: usize) -> u32 {
    ask(|engine| engine.describe(slot))
}

/// Takes `height * width * 4` bytes.
///
/// # Safety
/// As for [`bytes`].
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn read(
    slot: usize,
    address: *const u8,
    width: usize,
    height: usize,
    one: u32,
) -> u32 {
    // SAFETY: the caller vouches for the memory.
    let rgba = unsafe { bytes(address, width.saturating_mul(height).saturating_mul(4)) };
    let scope = if one == 0 { Scope::All } else { Scope::One };
    ask(|engine| engine.read(slot, [height, width], rgba.to_vec(), scope))
}

/// Takes `height * width * 4` bytes.
///
/// # Safety
/// As for [`bytes`].
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn read_drawing(
    slot: usize,
    address: *const u8,
    width: usize,
    height: usize,
) -> u32 {
    // SAFETY: the caller vouches for the memory.
    let rgba = unsafe { bytes(address, width.saturating_mul(height).saturating_mul(4)) };
    ask(|engine| engine.read_drawing(slot, [height, width], rgba))
}

/// # Safety
/// As for [`bytes`].
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn classify(slot: usize, address: *const u8, len: usize) -> u32 {
    // SAFETY: the caller vouches for the memory.
    let pixels = unsafe { bytes(address, len) };
    ask(|engine| engine.classify(slot, pixels))
}

/// # Safety
/// As for [`bytes`].
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn logits(slot: usize, address: *const u8, len: usize, n: usize) -> u32 {
    // SAFETY: the caller vouches for the memory.
    let pixels = unsafe { bytes(address, len) };
    ask(|engine| engine.logits(slot, pixels, n))
}

/// # Safety
/// As for [`bytes`].
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn trace(slot: usize, address: *const u8, len: usize) -> u32 {
    // SAFETY: the caller vouches for the memory.
    let pixels = unsafe { bytes(address, len) };
    ask(|engine| engine.trace(slot, pixels))
}

/// Takes a name in UTF-8.
///
/// # Safety
/// As for [`bytes`].
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn tensor(slot: usize, address: *const u8, len: usize) -> u32 {
    // SAFETY: the caller vouches for the memory.
    let name = unsafe { bytes(address, len) };
    ask(|engine| engine.tensor(slot, &String::from_utf8_lossy(name)))
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn text() -> *const u8 {
    ENGINE.with_borrow(|engine| engine.text().as_ptr())
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn text_len() -> usize {
    ENGINE.with_borrow(|engine| engine.text().len())
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn values() -> *const f32 {
    ENGINE.with_borrow(|engine| engine.values().as_ptr())
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn values_len() -> usize {
    ENGINE.with_borrow(|engine| engine.values().len())
}
