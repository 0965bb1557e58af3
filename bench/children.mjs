// The other processes: started, asked, ended.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { peers } from "./peers/index.mjs";
import { Unavailable } from "./unavailable.mjs";

/** Nothing that is measured takes so long. */
const PATIENCE_MS = 300_000;

const CHILD = fileURLToPath(new URL("child.mjs", import.meta.url));

/** @typedef {{ threads: number, dist: string, variant?: string, maxMemory?: number }} Settings of a peer; the last three are ours alone */

/** A process that speaks for one peer. */
export class Child {
  #process;
  /** @type {{ resolve: (value: any) => void, reject: (error: Error) => void } | undefined} */
  #waiting;
  /** @type {Error | undefined} */
  #ended;
  #complaints = "";
  #peer;

  /**
   * @param {string} peer
   * @param {Settings} settings
   * @param {string} node the Node that runs it
   */
  constructor(peer, settings, node) {
    const { title, command } = peers[peer];
    this.#peer = title;
    const [program, ...args] = command?.(settings) ?? [node, CHILD, peer, JSON.stringify(settings)];
    this.#process = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
    this.#process.stdin.on("error", () => {}); // it died: "close" tells
    this.#process.once("error", (error) => this.#end(`${title}: ${error.message}`));
    this.#process.once("close", (code, signal) => this.#end(this.#lastWords(code ?? signal)));
    this.#process.stderr.setEncoding("utf8").on("data", (text) => {
      this.#complaints = (this.#complaints + text).slice(-4000);
    });
    createInterface({ input: this.#process.stdout }).on("line", (line) => this.#answer(line));
  }

  /**
   * The answer to a command, one at a time.
   * @param {string} command
   * @param {object} [body]
   * @returns {Promise<any>}
   */
  async ask(command, body = {}) {
    const tooLong = setTimeout(() => this.#process.kill("SIGKILL"), PATIENCE_MS);
    try {
      return await new Promise((resolve, reject) => {
        if (this.#ended) return reject(this.#ended);
        this.#waiting = { resolve, reject };
        this.#process.stdin.write(`${JSON.stringify({ command, ...body })}\n`);
      });
    } finally {
      clearTimeout(tooLong);
    }
  }

  /** Ends it, and waits until its memory and cores are free again. */
  async close() {
    if (this.#ended) return;
    const gone = new Promise((resolve) => this.#process.once("close", resolve));
    this.#process.stdin.end();
    const tooLong = setTimeout(() => this.#process.kill("SIGKILL"), 5000);
    await gone;
    clearTimeout(tooLong);
  }

  /** @param {string} why */
  #end(why) {
    this.#ended ??= new Error(why);
    this.#settle("reject", this.#ended);
  }

  /** @param {string} line */
  #answer(line) {
    const { value, error, unavailable } = JSON.parse(line);
    const problem = `${this.#peer}: ${error}`;
    if (error === undefined) this.#settle("resolve", value);
    else this.#settle("reject", unavailable ? new Unavailable(problem) : new Error(problem));
  }

  /**
   * @param {"resolve" | "reject"} how
   * @param {any} what
   */
  #settle(how, what) {
    this.#waiting?.[how](what);
    this.#waiting = undefined;
  }

  /** @param {unknown} code */
  #lastWords(code) {
    const errors = this.#complaints.split("\n").filter((line) => /error|:/i.test(line));
    return `${this.#peer}: its process ended (${code}): ${(errors.at(-1) ?? "without a word").trim().slice(0, 200)}`;
  }
}
