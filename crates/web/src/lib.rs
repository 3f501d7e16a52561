//! The page that reads digits: its files, and the network in WebAssembly behind it.
//!
//! [`engine`] is what the page's worker asks. It knows nothing of browsers and is tested like any other library. For
//! wasm32 alone, `exports` makes plain functions of it that take pointers, so neither wasm-bindgen nor generated
//! JavaScript is needed: `page/script/engine/wasm.js` calls these functions.

#[cfg(feature = "engine")]
pub mod engine;
#[cfg(all(feature = "engine", target_family = "wasm"))]
mod exports;
#[cfg(not(target_family = "wasm"))]
pub mod page;
