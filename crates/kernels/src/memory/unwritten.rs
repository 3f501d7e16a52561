//! Memory for results, which is not cleared first.
//!
//! To clear the results of a layer takes one thread up to a tenth of the time in which all threads compute them.

/// A type of results that is valid whatever its bits are.
pub trait Number: Copy {
    /// What a value is before it is written, in tests: no result, so that a value that a kernel forgets is found.
    const NO_RESULT: Self;
}

impl Number for f32 {
    const NO_RESULT: Self = Self::NAN;
}

impl Number for u8 {
    const NO_RESULT: Self = Self::MAX;
}

/// A vector of `len` values for results that a kernel writes, every one of them. Until then a value is whatever the
/// memory held before.
#[must_use]
pub fn unwritten<T: Number>(len: usize) -> Vec<T> {
    let mut values = Vec::with_capacity(len);
    // The tests of this crate are compiled with debug assertions. Without inline assembler there is no cheap way.
    if cfg!(debug_assertions) || !adopt(&mut values, len) {
        values.resize(len, T::NO_RESULT);
    }
    values
}

/// Makes the vector as long as `len`, which is its capacity at most, with the values that its memory has.
#[cfg(all(any(target_arch = "x86_64", target_arch = "aarch64"), not(miri)))]
fn adopt<T: Number>(values: &mut Vec<T>, len: usize) -> bool {
    assert!(len <= values.capacity(), "room for the values");
    // SAFETY: Rust's rules forbid to use memory that nothing has written. For all that the compiler may assume, the
    // assembler code (which is empty) has written all of it, through the address that it gets. Any bits are a value.
    unsafe {
        std::arch::asm!("/* {0} */", in(reg) values.as_mut_ptr(), options(nostack, preserves_flags));
        values.set_len(len);
    }
    true
}

#[cfg(not(all(any(target_arch = "x86_64", target_arch = "aarch64"), not(miri))))]
fn adopt<T: Number>(_: &mut Vec<T>, _: usize) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_as_many_values_as_asked_for_and_none_looks_like_a_result() {
        assert!(unwritten::<f32>(0).is_empty());
        let values = unwritten::<f32>(1000);
        assert!(values.len() == 1000 && values.iter().all(|value| value.is_nan()));
        assert_eq!(unwritten::<u8>(3), [u8::MAX; 3]);
    }

    #[test]
    fn memory_is_taken_over_as_it_is() {
        let mut values = vec![1.5_f32; 64];
        values.clear();
        if adopt(&mut values, 64) {
            assert_eq!(values, [1.5; 64]);
        }
    }
}
