// Copies of the built folder below one of Python's own web servers, which knows no more than files.
//
// The copy lies below a path with a space in it, because a page with an address that is not relative fails there.

import { spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

export class Sites {
  #root;
  #server;
  #port;
  #built;
  #count = 0;

  // `built` is the folder that `cargo xtask web` made.
  static async serve(built) {
    const sites = new Sites();
    sites.#built = built;
    sites.#root = await mkdtemp(join(tmpdir(), "page-test-"));
    sites.#server = spawn("python3", ["-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", sites.#root], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    sites.#port = await new Promise((resolve, reject) => {
      sites.#server.once("error", reject);
      sites.#server.once("exit", (code) => reject(new Error(`python3 -m http.server ended with ${code}`)));
      createInterface({ input: sites.#server.stdout }).once("line", (line) => resolve(Number(line.match(/port (\d+)/)[1])));
    });
    return sites;
  }

  // A copy of the built folder, which `change` may break: it is given the copy's path. Returns the address of the copy
  // and its folder.
  async copy(change = async () => {}) {
    this.#count += 1;
    const name = `b ${this.#count}`;
    const folder = join(this.#root, "a", name, "web");
    await mkdir(folder, { recursive: true });
    await cp(this.#built, folder, { recursive: true });
    await change(folder);
    return { address: `http://127.0.0.1:${this.#port}/a/${encodeURIComponent(name)}/web/`, folder };
  }

  async end() {
    this.#server.kill();
    await rm(this.#root, { recursive: true, force: true });
  }
}
