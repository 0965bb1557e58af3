import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { inject, type TestContext } from "vitest";
import { ROOT, run, temporaryFolder } from "../process.js";

/** Where the programs are that the projects run. */
export const PROGRAMS = join(ROOT, "test/packaging/program");

const QUIET = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
/** One more attempt, soon: without a registry the tests are skipped, and need not wait for that. */
const IMPATIENT = ["--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=1000"];
/** What npm says where there is no way to the registry. */
const OFFLINE = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED|EIDLETIMEOUT/;
const NO_NPM = "there is no npm";
/** A project that came from nowhere: npm would look for a package.json in the folders above. */
const MANIFEST = '{ "private": true, "type": "module" }\n';

let installed: Promise<void> | undefined;

/**
 * A fresh project with the packed package installed, and files of `test/packaging/program` in it. What npm installs once a run is copied:
 * nothing in it is a link to this repository. Skips the test where the registry cannot be reached.
 */
export async function newProject(ctx: TestContext, programs: readonly string[] = []): Promise<string> {
  const shared = inject("packaging");
  installed ??= installOnce(shared);
  await installed;
  const failed = join(shared, "failed.txt");
  if (existsSync(failed)) refuse(ctx, readFileSync(failed, "utf8"));
  const folder = temporaryFolder();
  writeFileSync(join(folder, "package.json"), MANIFEST);
  cpSync(join(shared, "node_modules"), join(folder, "node_modules"), { recursive: true });
  for (const name of programs) cpSync(join(PROGRAMS, name), join(folder, name));
  return folder;
}

/** Installs, or waits for the test file that does. */
async function installOnce(folder: string): Promise<void> {
  try {
    writeFileSync(join(folder, "begun"), "", { flag: "wx" });
  } catch {
    while (!["done", "failed.txt"].some((name) => existsSync(join(folder, name)))) await setTimeout(100);
    return;
  }
  await install(folder).catch((error) => writeFileSync(join(folder, "failed.txt"), String(error)));
}

async function install(folder: string): Promise<void> {
  await npm(["pack", ROOT, "--pack-destination", folder], folder);
  const archive = readdirSync(folder).find((name) => name.endsWith(".tgz"))!;
  writeFileSync(join(folder, "package.json"), MANIFEST);
  await npm(["install", "--prefer-offline", ...IMPATIENT, `./${archive}`], folder);
  writeFileSync(join(folder, "done"), "");
}

/** npm by its own script, which needs no shell. */
async function npm(args: readonly string[], cwd: string): Promise<void> {
  const beside = join(process.execPath, "..");
  const places = ["../lib/node_modules/npm/bin/npm-cli.js", "node_modules/npm/bin/npm-cli.js"];
  const script = [process.env.npm_execpath ?? "", ...places.map((place) => join(beside, place))]
    .filter((path) => path.endsWith("npm-cli.js"))
    .find(existsSync);
  if (script === undefined) throw new Error(`${NO_NPM} beside ${process.execPath}`);
  const { code, stdout, stderr } = await run([script, ...args, ...QUIET], { cwd });
  if (code !== 0) throw new Error(`npm ${args[0]} ended with ${code}:\n${stdout}\n${stderr}`);
}

function refuse(ctx: TestContext, said: string): never {
  if (said.includes(NO_NPM)) ctx.skip(said);
  if (OFFLINE.test(said)) ctx.skip("npm's registry cannot be reached: the package's dependencies are not installed");
  throw new Error(`the package cannot be packed and installed:\n${said}`);
}

/** Runs a command in a project, and gives the JSON that it prints. */
export async function json<T>(command: string | undefined, args: readonly string[], cwd: string): Promise<T> {
  const { code, signal, stdout, stderr } = await run(args, { cwd, within: 120_000, ...(command && { node: command }) });
  if (code !== 0)
    throw new Error(`${command ?? "node"} ${args.join(" ")} ended with ${code ?? signal}:\n${stdout}\n${stderr}`);
  return JSON.parse(stdout) as T;
}
