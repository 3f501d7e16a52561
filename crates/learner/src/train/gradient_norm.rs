//! The norm of all gradients together, and the scale that keeps it below a limit.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Gradients, Tensor};
use model::Cnn;

/// The Euclidean norm of all gradients together.
pub(crate) fn gradient_norm(model: &Cnn, gradients: &Gradients) -> f64 {
    struct SumOfSquares<'a>(&'a Gradients, f64);
    impl ModuleVisitor for SumOfSquares<'_> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let parameter = param.val();
            if let Some(gradient) = parameter.is_require_grad().then(|| parameter.grad(self.0)).flatten() {
                self.1 += ops::sum_of_squares(gradient);
            }
        }
    }
    let mut sum = SumOfSquares(gradients, 0.0);
    model.visit(&mut sum);
    sum.1.sqrt()
}

/// What the gradients have to be multiplied by so that their norm is at most `limit`; 0 is no limit.
pub(crate) fn clip_scale(norm: f64, limit: f64) -> f32 {
    if limit > 0.0 && norm > limit { (limit / norm) as f32 } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gradients_are_scaled_only_if_their_norm_is_above_the_limit() {
        assert_eq!(clip_scale(8.0, 2.0), 0.25);
        for (norm, limit) in [(1.0, 2.0), (2.0, 2.0), (1e9, 0.0), (0.0, 1.0)] {
            assert_eq!(clip_scale(norm, limit), 1.0, "{norm} {limit}");
        }
    }
}
