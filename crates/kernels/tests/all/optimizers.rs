//! The optimizers' steps against the formulas of Burn's optimizers, written out operation by operation.

use kernels::{Level, MomentRates, Rule, Steps, average, sum_of_squares, update};

const RATES: MomentRates = MomentRates { beta_1: 0.9, beta_2: 0.999, epsilon: 1e-8 };
const RULES: [Rule; 4] =
    [Rule::Adam(RATES), Rule::Adamw(RATES), Rule::Sgd { momentum: 0.9 }, Rule::Sgd { momentum: 0.0 }];
/// The number of steps that a test takes.
const STEPS: i32 = 12;
/// Lengths of parameters: shorter than a vector, with and without a remainder, and of several pieces.
const LENGTHS: [usize; 5] = [1, 7, 16, 333, 40_005];

/// Values without a pattern, a few of them zero.
fn values(count: usize, seed: usize) -> Vec<f32> {
    let value = |i: usize| ((i * 7919 + seed * 104_729) % 10_007) as f32 / 10_007.0 - 0.5;
    (0..count).map(|i| if i % 13 == 5 { 0.0 } else { value(i) }).collect()
}

/// A parameter and what the rule keeps for it.
#[derive(Clone, Debug, PartialEq)]
struct State {
    parameter: Vec<f32>,
    kept: [Vec<f32>; 2],
}

impl State {
    fn new(rule: Rule, len: usize) -> Self {
        let kept = [1, 2].map(|slices| vec![0.0; if rule.kept() >= slices { len } else { 0 }]);
        Self { parameter: values(len, 1), kept }
    }
}

/// The learning rate and the scale of the gradients at a step.
fn rate_and_scale(step: i32) -> (f64, f32) {
    (0.003 * f64::from(step), if step % 3 == 0 { 0.4 } else { 1.0 })
}

fn train(level: Level, rule: Rule, decay: f32, len: usize) -> State {
    let mut state = State::new(rule, len);
    let mut steps = Steps::after(rule, 0);
    for number in 1..=STEPS {
        let (rate, scale) = rate_and_scale(number);
        let step = steps.next(rate, scale);
        let [first, second] = &mut state.kept;
        update(level, &step, decay, &mut state.parameter, &values(len, number as usize), [first, second]);
    }
    state
}

/// The same steps as Burn takes them, one value at a time.
fn as_burn(rule: Rule, decay: f32, len: usize) -> State {
    let mut state = State::new(rule, len);
    for t in 1..=STEPS {
        let (rate, scale) = rate_and_scale(t);
        let gradient = values(len, t as usize);
        for (i, gradient) in gradient.into_iter().enumerate() {
            let x = state.parameter[i];
            let mut g = gradient * scale;
            if !matches!(rule, Rule::Adamw(_)) {
                g += x * decay;
            }
            let rate_f32 = rate as f32;
            state.parameter[i] = match rule {
                Rule::Sgd { momentum: 0.0 } => x - g * rate_f32,
                Rule::Sgd { momentum } => {
                    let velocity = g + state.kept[0][i] * momentum;
                    state.kept[0][i] = velocity;
                    x - velocity * rate_f32
                }
                Rule::Adam(rates) | Rule::Adamw(rates) => {
                    let MomentRates { beta_1, beta_2, epsilon } = rates;
                    let first = state.kept[0][i] * beta_1 + g * (1.0 - beta_1);
                    let second = state.kept[1][i] * beta_2 + g * g * (1.0 - beta_2);
                    (state.kept[0][i], state.kept[1][i]) = (first, second);
                    let [c1, c2] = [beta_1, beta_2].map(|beta| 1.0 - f64::from(beta).powi(t));
                    if let Rule::Adam(_) = rule {
                        let epsilon = (f64::from(epsilon) * c2.sqrt()) as f32;
                        let change = first * ((c2.sqrt() / c1) as f32) / (second.sqrt() + epsilon);
                        x - change * rate_f32
                    } else {
                        let change = first / c1 as f32 / ((second / c2 as f32).sqrt() + epsilon);
                        x * ((1.0 - rate * f64::from(decay)) as f32) - change * rate_f32
                    }
                }
            };
        }
    }
    state
}

fn bits(values: &[f32]) -> Vec<u32> {
    // A negative zero counts as zero.
    values.iter().map(|value| (value + 0.0).to_bits()).collect()
}

#[test]
fn each_rule_is_burns_to_the_bit() {
    for (rule, decay) in RULES.into_iter().flat_map(|rule| [(rule, 0.0), (rule, 0.01)]) {
        for len in LENGTHS {
            let (found, expected) = (train(Level::best(), rule, decay, len), as_burn(rule, decay, len));
            assert_eq!(bits(&found.parameter), bits(&expected.parameter), "{rule:?} {decay} {len}");
            for (found, expected) in found.kept.iter().zip(&expected.kept) {
                assert_eq!(bits(found), bits(expected), "{rule:?} {decay} {len}");
            }
        }
    }
}

#[test]
fn every_level_and_any_number_of_threads_give_the_same_bits() {
    let everything = |level| {
        let states = RULES.map(|rule| train(level, rule, 0.01, 40_005));
        let mut averages = values(40_005, 2);
        average(level, 0.01, &values(40_005, 3), &mut averages);
        let sums = LENGTHS.map(|len| sum_of_squares(level, &values(len, 4)).to_bits());
        (states, averages, sums)
    };
    let expected = everything(Level::Portable);
    for threads in [1, 2, 3, 4, 7] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        for level in Level::named() {
            assert!(pool.install(|| everything(level)) == expected, "{} {threads}", level.name());
        }
    }
}

#[test]
fn a_count_that_is_resumed_gives_the_same_numbers() {
    let rule = Rule::Adam(RATES);
    let mut whole = Steps::after(rule, 0);
    for taken in 0..500 {
        let resumed = Steps::after(rule, taken).next(0.1, 1.0);
        assert_eq!(format!("{:?}", whole.next(0.1, 1.0)), format!("{resumed:?}"));
    }
}

#[test]
fn an_average_moves_by_a_share_of_the_distance() {
    let mut averages = [1.0, -2.0, 0.0];
    average(Level::best(), 0.25, &[5.0, -2.0, 1.0], &mut averages);
    assert_eq!(averages, [2.0, -2.0, 0.25]);
}

#[test]
fn the_sum_of_squares_is_that_of_exact_squares() {
    for len in LENGTHS {
        let numbers: Vec<f32> = (0..len).map(|i| (i % 9) as f32 - 4.0).collect();
        let expected: f64 = numbers.iter().map(|x| f64::from(x * x)).sum();
        assert_eq!(sum_of_squares(Level::best(), &numbers), expected);
    }
    assert_eq!(sum_of_squares(Level::best(), &[]), 0.0);
    // The square of this number is too large for `f32`.
    assert_eq!(sum_of_squares(Level::best(), &[1e30]).sqrt(), f64::from(1e30_f32));
    assert!(sum_of_squares(Level::best(), &[0.0, f32::NAN]).is_nan());
}
