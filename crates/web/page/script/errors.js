// Errors that reach a person.

/** An error that can be said in the reader's language: the key of its words, and what fills their gaps. */
export class SpokenError extends Error {
  constructor(key, values = {}) {
    super(`${key} ${JSON.stringify(values)}`);
    this.key = key;
    this.values = values;
  }
}

/** The same error, with words for it. What nobody foresaw is said in the browser's own words. */
export function asSpoken(error) {
  if (error instanceof SpokenError) return error;
  return new SpokenError("unexpected", { reason: String(error?.message ?? error) });
}
