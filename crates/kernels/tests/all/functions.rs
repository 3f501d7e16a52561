//! The errors of the vector functions against double precision, on a sample of all `f32` values. The example
//! `functions` checks all of them.

use kernels::{Activation, Function, Level};

use crate::bits::equal_on_every_level;
use crate::judge::{FUNCTIONS, error, exact, least};

/// Each so many `f32` values, one is tried: about a million.
const STEP: usize = 4099;

fn sample() -> Vec<f32> {
    let special =
        [0.0, -0.0, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, f32::MAX, f32::MIN, f32::MIN_POSITIVE];
    (0..=u32::MAX).step_by(STEP).map(f32::from_bits).chain(special).collect()
}

fn values(function: Function, level: Level, inputs: &[f32]) -> Vec<f32> {
    let mut values = inputs.to_vec();
    function.apply(level, &mut values);
    values
}

#[test]
fn errors_are_at_most_two_units() {
    let inputs = sample();
    for (name, function) in FUNCTIONS {
        let exacts: Vec<f64> = inputs.iter().map(|x| exact(function, *x)).collect();
        for level in Level::named() {
            for ((x, got), exact) in inputs.iter().zip(values(function, level, &inputs)).zip(&exacts) {
                let error = error(got, *exact, least(function));
                let level = level.name();
                assert!(error <= 2.0, "{name}({x:e}) is {exact:e}, {level} gives {got:e}: {error} units");
            }
        }
    }
}

#[test]
fn every_level_gives_the_same_bits() {
    let inputs: Vec<f32> = sample().into_iter().step_by(7).filter(|x| !x.is_nan()).collect();
    for (_, function) in FUNCTIONS {
        equal_on_every_level(|level| {
            let values = values(function, level, &inputs);
            // The bits of a result that is not a number mean nothing.
            values.into_iter().map(|value| if value.is_nan() { f32::NAN } else { value }).collect()
        });
    }
}

#[test]
fn zeros_keep_their_signs_and_special_values_are_exact() {
    let [tanh, gelu, relu] = [Activation::Tanh, Activation::Gelu, Activation::Relu].map(Function::Activation);
    let sigmoid = Function::Activation(Activation::Sigmoid);
    let infinity = f32::INFINITY;
    for level in Level::named() {
        for (function, x, expected) in [
            (tanh, -0.0, -0.0),
            (tanh, 0.0, 0.0),
            (tanh, infinity, 1.0),
            (tanh, -infinity, -1.0),
            (gelu, -0.0, -0.0),
            (gelu, 0.0, 0.0),
            (gelu, infinity, infinity),
            (Function::GeluSlope, 0.0, 0.5),
            (Function::GeluSlope, infinity, 1.0),
            (Function::GeluSlope, -infinity, 0.0),
            (Function::Exp, -0.0, 1.0),
            (Function::Exp, 200.0, infinity),
            (Function::Exp, -infinity, 0.0),
            (Function::Ln, 0.0, -infinity),
            (Function::Ln, -0.0, -infinity),
            (Function::Ln, 1.0, 0.0),
            (sigmoid, 0.0, 0.5),
            (sigmoid, -infinity, 0.0),
            (relu, -3.0, 0.0),
            (relu, 3.0, 3.0),
        ] {
            let got = function.of(level, x);
            assert_eq!(got.to_bits(), f32::to_bits(expected), "{function:?}({x}) on {}", level.name());
        }
        assert!(Function::Ln.of(level, -1.0).is_nan() && relu.of(level, f32::NAN).is_nan());
    }
}
