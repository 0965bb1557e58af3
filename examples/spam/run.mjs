// What `npm start` runs once the project is built: mails in, a trained and tested model out.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(dirname(here));
const command = join(root, "dist", "cli", "index.js");

/** Flags that every command takes; they go to all three, the others to finetune alone. */
const SHARED = { json: "boolean", quiet: "boolean", debug: "boolean", threads: "string" };

const USAGE = `npm start -- [options of roformer finetune]

Trains a RoFormer on real mail as examples/spam/config.json says, evaluates it, and labels a few mails.
Options go to finetune and win over the file, for example:
  npm start -- --position learned --seed 2 --out runs/spam-learned
All of them: node dist/cli/index.js finetune --help`;

async function main(args) {
  const { values } = parseArgs({ args, options: options(), strict: false, allowPositionals: true });
  if (values.help) return print(USAGE, 1);
  if (!existsSync(command)) return fail(`${relative(root, command)} is not there: run "npm run build" first`);
  const report = (line) => print(line, 2);
  if (!(await install(report))) return;
  const { prepare } = await import("./prepare.mjs");
  await prepare(report);

  const files = {
    train: data("train"),
    valid: data("valid"),
    test: data("test"),
    out: join("runs", "spam"),
    ...given(values),
  };
  const named = Object.entries(files).flatMap(([flag, value]) => [`--${flag}`, value]);
  const shared = sharedFlags(values);
  const model = ["--model", files.out];
  const config = ["--config", relative(root, join(here, "config.json"))];
  const steps = [
    ["finetune", ...config, ...args, ...named],
    ["evaluate", ...model, "--data", files.test, "--text", "text", "--label", "label", ...shared],
    ["predict", ...model, "--data", data("sample"), "--text", "text", ...shared],
  ];
  for (const step of steps) {
    report(`\n> roformer ${step.join(" ")}`);
    if (!(await run(process.execPath, [command, ...step], root, "inherit"))) return;
  }
}

/** The files' flags, which the later commands need to know, and the shared ones, in the form of `parseArgs`. */
function options() {
  const files = Object.fromEntries(["train", "valid", "test", "out"].map((name) => [name, { type: "string" }]));
  const shared = Object.fromEntries(Object.entries(SHARED).map(([name, type]) => [name, { type }]));
  return { ...files, ...shared, help: { type: "boolean", short: "h" } };
}

function given(values) {
  const set = ["train", "valid", "test", "out"].filter((name) => typeof values[name] === "string");
  return Object.fromEntries(set.map((name) => [name, values[name]]));
}

function sharedFlags(values) {
  const set = Object.keys(SHARED).filter((name) => values[name] !== undefined);
  return set.flatMap((name) => (SHARED[name] === "boolean" ? [`--${name}`] : [`--${name}`, values[name]]));
}

/** Installs the mails and their parser beside this file unless what the lock file names is there; false if it failed. */
async function install(report) {
  if (installed()) return true;
  const npm = npmProgram();
  if (!npm) return fail(`npm was not found: run "npm ci --ignore-scripts" in ${relative(root, here)}`);
  report("data: installing the mails, 110 MB on disk, some 20 s");
  // npm's own words go to stderr, so that stdout stays JSON under --json.
  return run(process.execPath, [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", here], here, [
    "ignore",
    2,
    2,
  ]);
}

/** npm writes its hidden lock file last, so one with the right versions stands for a finished install. */
function installed() {
  const hidden = join(here, "node_modules", ".package-lock.json");
  if (!existsSync(hidden)) return false;
  const wanted = packages(join(here, "package-lock.json"));
  const found = packages(hidden);
  return Object.keys(wanted).every((name) => name === "" || found[name]?.integrity === wanted[name].integrity);
}

function packages(file) {
  return JSON.parse(readFileSync(file, "utf8")).packages;
}

/** npm's script, which Node can run on every system: the one that runs us, or the one installed with Node. */
function npmProgram() {
  const running = process.env.npm_execpath;
  if (running && basename(running) === "npm-cli.js") return running;
  const beside = dirname(process.execPath);
  const places = [beside, join(beside, "..", "lib"), join(beside, "..", "share", "nodejs")];
  return places.map((place) => join(place, "node_modules", "npm", "bin", "npm-cli.js")).find(existsSync);
}

/** Runs a program to its end; on failure takes over its exit code and gives false. */
function run(program, args, cwd, stdio) {
  // Ctrl-C reaches the program as well, which saves and ends by itself; its exit code is ours.
  const wait = () => {};
  process.on("SIGINT", wait);
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, stdio });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code !== 0) process.exitCode = code ?? (signal === "SIGINT" ? 130 : 1);
      resolve(code === 0);
    });
  }).finally(() => process.off("SIGINT", wait));
}

function data(part) {
  return relative(root, join(here, "data", `${part}.jsonl`));
}

function fail(line) {
  print(line, 2);
  process.exitCode = 1;
  return false;
}

function print(line, stream) {
  (stream === 1 ? process.stdout : process.stderr).write(`${line}\n`);
}

await main(process.argv.slice(2)).catch((error) => {
  fail(process.argv.includes("--debug") ? error.stack : error.message);
});
