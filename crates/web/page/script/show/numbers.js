// Numbers as people read them.

const MINUS = "\u2212";
const SPACE = "\u00a0";

/** A number with three decimals, or with four digits if it is large. */
export function formatNumber(value) {
  if (Number.isNaN(value)) return "NaN";
  const size = Math.abs(value);
  const text = size >= 100_000 ? size.toExponential(2) : size >= 100 ? size.toFixed(1) : size.toFixed(3);
  return isNegative(value, text) ? MINUS + text : text;
}

/** The same with a sign in any case, for what is added. */
export function formatSigned(value) {
  const text = formatNumber(value);
  return text.startsWith(MINUS) ? text : `+${text}`;
}

/** A number that fits into a small cell: two decimals without a leading zero. */
export function formatCell(value) {
  const size = Math.abs(value);
  const text = (size >= 10 ? size.toFixed(0) : size >= 1 ? size.toFixed(1) : size.toFixed(2)).replace(/^0\./, ".");
  if (Number(text) === 0) return "0";
  return value < 0 ? MINUS + text : text;
}

/** A probability in per cent. What is nearly certain is not said to be certain. */
export function formatPercent(probability) {
  const percent = 100 * probability;
  if (percent > 99.9 && percent < 100) return `>99.9${SPACE}%`;
  if (percent > 0 && percent < 0.1) return `<0.1${SPACE}%`;
  return `${percent.toFixed(1)}${SPACE}%`;
}

function isNegative(value, text) {
  return value < 0 && Number(text) !== 0;
}
