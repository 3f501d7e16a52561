// Counts checks and prints a line for each, so that a person sees which one went red and what was found instead.

export class Report {
  passed = 0;
  failed = 0;
  #red = [];
  #group = "";

  // Names the group that the next checks belong to.
  begin(group) {
    this.#group = group;
  }

  // Notes a check. `found` says what was there; it is a figure, or what stood on the page.
  check(what, holds, found = "") {
    const line = `${this.#group}: ${what}${found === "" ? "" : ` (${found})`}`;
    if (holds) this.passed += 1;
    else this.#red.push(line);
    this.failed = this.#red.length;
    console.log(`${holds ? "ok    " : "FAILED"}  ${line}`);
    return holds;
  }

  // Prints a figure that no check hangs on.
  say(what) {
    console.log(`        ${this.#group}: ${what}`);
  }

  end() {
    if (this.#red.length > 0) console.log(`\n${this.#red.map((line) => `FAILED  ${line}`).join("\n")}`);
    console.log(`\n${this.passed} passed, ${this.failed} failed`);
  }
}
