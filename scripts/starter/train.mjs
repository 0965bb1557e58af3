// `npm run starter`: gathers the text, distills the starter, and puts it into packages/starter-en.
import { cpSync, existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build } from "../parts.mjs";
import { ROOT, show } from "../processes.mjs";
import { runMain, Stop, say } from "../say.mjs";
import { writeCard } from "./card.mjs";
import { fetchTeacher } from "./teacher.mjs";

const HELP = `Usage: npm run starter -- [options]

Distills packages/starter-en from all-MiniLM-L6-v2: about an hour and a half on one core. If it is stopped, the same command goes
on from where it was.

  --out DIR        where text, cache and checkpoints are kept. Default: target/starter
  --mails DIR      examples/spam/data, which npm start makes: adds its training mails
  --wikitext FILE  adds WikiText (raw)
  --valid FILE     sentence pairs with scores (STS-B's dev.tsv: sentence1, sentence2, score) to score both models on
  --threads N      number of threads. Default: 1, for the same bytes in the same time beside other work
  --help           prints this text`;

const PACKAGE = join(ROOT, "packages/starter-en");
const CLI = join(ROOT, "dist/cli/index.js");

await runMain(async () => {
  const { values } = parseArgs({
    options: {
      out: { type: "string", default: join(ROOT, "target/starter") },
      mails: { type: "string" },
      wikitext: { type: "string" },
      valid: { type: "string" },
      threads: { type: "string", default: "1" },
      help: { type: "boolean" },
    },
  });
  if (values.help) say(HELP);
  else await train(values);
  return 0;
});

/** @param {{ out: string, mails?: string, wikitext?: string, valid?: string, threads: string }} options */
async function train({ out, mails, wikitext, valid, threads }) {
  await build();
  const packages = join(out, "packages");
  const given = [...(mails ? ["--mails", mails] : []), ...(wikitext ? ["--wikitext", wikitext] : [])];
  if (!existsSync(join(out, "text.txt")))
    node([join(ROOT, "scripts/starter/text.mjs"), "--out", out, "--packages", packages, ...given]);
  await fetchTeacher(join(out, "teacher"), packages);
  const scored = valid ? ["--valid", valid, "--text", "sentence1", "--text-pair", "sentence2", "--label", "score"] : [];
  const places = ["--teacher", join(out, "teacher"), "--data", join(out, "text.txt"), "--out", join(out, "model")];
  const settings = ["--config", join(ROOT, "scripts/starter/distill.yaml"), "--threads", threads, "--resume"];
  node([CLI, "distill", ...places, ...settings, ...scored]);
  const model = join(PACKAGE, "model");
  rmSync(model, { recursive: true, force: true });
  node([CLI, "convert", join(out, "model"), model, "--dtype", "bf16"]);
  cpSync(join(out, "sources.json"), join(PACKAGE, "sources.json"));
  writeCard(PACKAGE, join(out, "model/metrics.json"));
  await build(["starter"]);
}

/** @param {string[]} args */
function node(args) {
  if (!show(process.execPath, args)) throw new Stop(`${args[0]} failed`);
}
