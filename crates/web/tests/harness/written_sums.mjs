// Reads numbers and sums as they are written on the page, and adds them up again.

// A number with the page's minus sign; an empty cell, beyond the border, is zero.
export function numberOf(text) {
  const found = String(text).replaceAll("\u2212", "-").replaceAll(",", "").match(/[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?/i);
  return found ? Number(found[0]) : 0;
}

// All numbers of a sentence. A minus sign that stands alone before a number belongs to it.
export function parts(text) {
  return (text.replaceAll("\u2212", "-").match(/[-+]?\d+(?:\.\d+)?/g) ?? []).map(Number);
}

const sigmoid = (x) => 1 / (1 + Math.exp(-x));
const relu = (x) => Math.max(0, x);
const FUNCTIONS = { max: Math.max, exp: Math.exp, tanh: Math.tanh, gelu, GELU: gelu, sigmoid, relu, ReLU: relu };

function gelu(x) {
  // The error function by its series (Abramowitz and Stegun 7.1.26), which is exact enough for three decimals.
  const [size, t] = [Math.abs(x) / Math.SQRT2, 1 / (1 + (0.3275911 * Math.abs(x)) / Math.SQRT2)];
  const poly = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return 0.5 * x * (1 + Math.sign(x) * (1 - poly * Math.exp(-size * size)));
}

// Whether a formula "1.5 − 0.2 × 3 = 0.9" holds. All its numbers are rounded to three decimals, so the difference may
// be what the roundings can make together.
export function holds(formula) {
  const text = formula.replaceAll("\u2212", "-").replaceAll("×", "*").replaceAll("÷", "/").replace(/\((?![^()]*[\d(])[^()]*\)/g, "");
  const [left, right] = [text.slice(0, text.lastIndexOf("=")), Number(text.slice(text.lastIndexOf("=") + 1))];
  const numbers = [...left.matchAll(/\d+\.\d+/g)];
  const value = (changed = -1, by = 0) => {
    let index = -1;
    const program = left.replace(/\d+\.\d+/g, (number) => String(Number(number) + (++index === changed ? by : 0)));
    return new Function(...Object.keys(FUNCTIONS), `return ${program.replaceAll("--", "- -")}`)(...Object.values(FUNCTIONS));
  };
  const exact = value();
  const slack = numbers.reduce((sum, _, i) => sum + Math.abs(value(i, 0.0005) - exact), 0.00051);
  return Number.isFinite(exact) && Math.abs(exact - right) <= 1.05 * slack;
}
