// A stand-in for `mnist-cnn serve`: the page with its answers from an API, which this computes with the page's engine.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";

import { Engine } from "./engine.mjs";

const TYPES = { html: "text/html", js: "text/javascript", css: "text/css" };

export class StandIn {
  // What came in: the bodies of api/predict.
  bodies = [];
  // Is put in the place of an answer, if there is one: { status, type, text }.
  instead = null;

  static async start(site) {
    const server = new StandIn();
    const { models } = JSON.parse(await readFile(join(site, "models.json"), "utf8"));
    server.engine = await Engine.start(join(site, "engine.wasm"), join(site, models[0].file));
    server.http = createServer((request, response) => server.#answer(site, request, response).catch((error) => {
      response.writeHead(500, { "Content-Type": "text/plain" }).end(String(error));
    }));
    await new Promise((done) => server.http.listen(0, "127.0.0.1", done));
    server.address = `http://127.0.0.1:${server.http.address().port}/`;
    return server;
  }

  async #answer(site, request, response) {
    const send = (status, type, text) => response.writeHead(status, { "Content-Type": type }).end(text);
    const name = request.url.split("?")[0].slice(1) || "index.html";
    if (name === "api/model") {
      const { title, source, classes, preparation, input } = this.engine.description;
      return send(200, "application/json", JSON.stringify({ title, source, classes, preparation, input }));
    }
    if (name === "api/predict") {
      const parts = [];
      for await (const part of request) parts.push(part);
      const body = JSON.parse(Buffer.concat(parts).toString("utf8"));
      this.bodies.push({ type: request.headers["content-type"], ...body });
      if (this.instead) return send(this.instead.status, this.instead.type, this.instead.text);
      return send(200, "application/json", JSON.stringify(this.#read(body)));
    }
    // The server has no engine, no model and no list of models for the browser.
    if (!/^(index\.html|script\.js|style\.css)$/.test(name)) return send(404, "application/json", '{"error": "nothing here"}');
    const text = await readFile(join(site, name), "utf8");
    send(200, TYPES[name.split(".").pop()], text.replace('data-engine="browser"', 'data-engine="api"'));
  }

  #read({ width, height, pixels }) {
    const grey = Buffer.from(pixels, "base64");
    if (grey.length !== width * height) throw new Error(`${grey.length} pixels, expected ${width}x${height}`);
    const rgba = new Uint8Array(4 * grey.length);
    grey.forEach((value, i) => rgba.set([value, value, value, 255], 4 * i));
    return this.engine.read(rgba, width, height);
  }

  async end() {
    this.http.closeAllConnections();
    await new Promise((done) => this.http.close(done));
  }
}
