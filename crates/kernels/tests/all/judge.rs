//! The functions in double precision, and how far a result is from them.

use kernels::{Activation, Function};

/// The functions whose errors are bounded, with their names.
pub(crate) const FUNCTIONS: [(&str, Function); 6] = [
    ("exp", Function::Exp),
    ("ln", Function::Ln),
    ("tanh", Function::Activation(Activation::Tanh)),
    ("sigmoid", Function::Activation(Activation::Sigmoid)),
    ("gelu", Function::Activation(Activation::Gelu)),
    ("gelu'", Function::GeluSlope),
];

/// The function in double precision.
pub(crate) fn exact(function: Function, x: f32) -> f64 {
    let x = f64::from(x);
    match function {
        Function::Exp => x.exp(),
        Function::Ln => x.ln(),
        Function::Activation(Activation::Tanh) => x.tanh(),
        Function::Activation(Activation::Sigmoid) => 1.0 / (1.0 + (-x).exp()),
        // Its limit: the product is minus infinity times zero.
        Function::Activation(Activation::Gelu) if x == f64::NEG_INFINITY => 0.0,
        Function::Activation(Activation::Gelu) => x * normal(x),
        Function::GeluSlope if x.is_infinite() => normal(x),
        Function::GeluSlope => {
            normal(x) + x * (-x * x / 2.0).exp() * std::f64::consts::FRAC_2_SQRT_PI / 8.0_f64.sqrt()
        }
        Function::Activation(Activation::Relu) => x.max(0.0),
        Function::Activation(Activation::None) => x,
    }
}

/// The normal distribution.
fn normal(x: f64) -> f64 {
    0.5 * libm::erfc(-x * std::f64::consts::FRAC_1_SQRT_2)
}

/// The size of a result from which on its relative error counts. Smaller results may have the same absolute error as
/// this one.
pub(crate) fn least(function: Function) -> f64 {
    match function {
        Function::Activation(Activation::Gelu) | Function::GeluSlope => 2.0_f64.powi(-20),
        _ => f64::from(f32::MIN_POSITIVE),
    }
}

/// How many units in the last place of `exact` (or of `least`, if that is larger) lie between it and `got`. NaN and
/// infinity have to be the same.
pub(crate) fn error(got: f32, exact: f64, least: f64) -> f64 {
    if got.to_bits() == (exact as f32).to_bits() || got.is_nan() && exact.is_nan() {
        return match got.is_finite() {
            true => (f64::from(got) - exact).abs() / unit(exact, least),
            false => 0.0,
        };
    }
    if got.is_nan() || exact.is_nan() || exact.is_infinite() {
        return f64::INFINITY;
    }
    // Infinity stands for the number after the largest one.
    let got = if got.is_infinite() { f64::from(got.signum()) * 2.0_f64.powi(128) } else { f64::from(got) };
    (got - exact).abs() / unit(exact, least)
}

/// The distance between the `f32` values around `exact`.
fn unit(exact: f64, least: f64) -> f64 {
    let power_of_two = exact.abs().max(least).to_bits() >> 52 << 52;
    f64::from_bits(power_of_two) * 2.0_f64.powi(-23)
}
