//! The version of the program's arithmetic, which decides a run's bits.

use model::device::Opened;
use run_files::Numerics;

/// The version of the arithmetic. docs/numerics.md says what is promised for one version.
///
/// Raise it with every change after which the same configuration, data and seed end in other weights on a CPU:
/// another order of a sum, another formula or polynomial, a product and a sum that become one fused multiply-add,
/// another random number, another order in which numbers are drawn, an operator that moves from Burn to a kernel,
/// or another release of Burn if it computes something of a step. The test
/// `a_run_ends_in_the_bits_of_its_numerics_version` fails after such a change.
///
/// 1: until the numerics were recorded; the bits depended on the vector instructions.
/// 2: sums in an order that depends on sizes alone, and functions of the program's own.
pub const VERSION: u32 = 2;

/// The arithmetic on a device.
pub(crate) fn of(opened: &Opened) -> Numerics {
    let level = opened.level();
    Numerics {
        version: VERSION,
        level: level.map(|level| level.name().to_owned()),
        fused: level.map(|level| level.is_fused()),
    }
}
