//! Whether a kernel computes the same bits with every set of vector instructions and any number of threads.

use kernels::Level;

/// One thread, two, and numbers that cut the work elsewhere.
const THREADS: [usize; 5] = [1, 2, 3, 4, 7];

/// Calls `compute` with each level, in pools of 1, 2, 3, 4 and 7 threads, and compares the results' bits: those
/// of all levels with a fused multiply-add, and those of all levels without one.
///
/// # Panics
/// If two results differ. The message names the levels, the threads and the first value that differs.
pub(crate) fn equal_on_every_level(compute: impl Fn(Level) -> Vec<f32> + Sync) {
    for is_fused in [false, true] {
        let mut first: Option<(String, Vec<f32>)> = None;
        for level in Level::named().into_iter().filter(|level| level.is_fused() == is_fused) {
            for threads in THREADS {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                let values = pool.install(|| compute(level));
                let name = format!("{} with {threads} threads", level.name());
                match &first {
                    Some(first) => assert_same_bits([(&first.0, &first.1), (&name, &values)]),
                    None => first = Some((name, values)),
                }
            }
        }
    }
}

fn assert_same_bits([(name_a, a), (name_b, b)]: [(&str, &[f32]); 2]) {
    assert_eq!(a.len(), b.len(), "{name_a} and {name_b} give as many values");
    let different = a.iter().zip(b).enumerate().find(|(_, (a, b))| a.to_bits() != b.to_bits());
    if let Some((i, (a, b))) = different {
        panic!("value {i} is {a:e} on {name_a} and {b:e} on {name_b}");
    }
}
