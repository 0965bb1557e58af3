// Downloads packages with npm and pip, each once, and checks their hashes.
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { npmScript } from "../npm.mjs";
import { capture, which } from "../processes.mjs";
import { Stop } from "../say.mjs";

/**
 * A package of a registry.
 * @typedef {object} Package
 * @property {"npm" | "pip"} client
 * @property {string} name
 * @property {string} version exact
 * @property {string} integrity the algorithm, a hyphen, and the hash of the archive in Base64, as in a lock file of npm
 * @property {"wheel" | "sdist"} [form] what pip downloads. Default: "wheel".
 */

/**
 * Downloads a package unless the folder has it, and checks its hash.
 * @param {Package} source
 * @param {string} folder the cache
 * @returns {string} the path of the archive
 * @throws {Stop} if it cannot be downloaded or is another one than the table names
 */
export function fetchPackage(source, folder) {
  mkdirSync(folder, { recursive: true });
  const kept = readdirSync(folder).find((name) => name.startsWith(prefixOf(source)));
  if (kept) return checked(join(folder, kept), source);
  const stage = mkdtempSync(join(folder, "download-"));
  try {
    const arguments_ = source.client === "npm" ? npmCommand(source, stage) : pipCommand(source, stage);
    const { ok, output } = capture(...arguments_);
    const archive = readdirSync(stage).find((name) => /\.(tgz|tar\.gz|zip|whl)$/.test(name));
    if (!ok || !archive) throw new Stop(`${output}\n\n${source.name} ${source.version} could not be downloaded`);
    const target = join(folder, `${prefixOf(source)}${archive}`);
    renameSync(checked(join(stage, archive), source), target);
    return target;
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

/** @param {Package} source */
function prefixOf({ client, name, version }) {
  return `${client}-${name.replaceAll(/[@/]/g, "-")}-${version}-`;
}

/**
 * @param {Package} source
 * @param {string} stage
 * @returns {[string, string[]]}
 */
function npmCommand({ name, version }, stage) {
  const flags = ["--ignore-scripts", "--loglevel=error", "--pack-destination", stage];
  return [process.execPath, [npmScript(), "pack", `${name}@${version}`, ...flags]];
}

/**
 * pip runs the setup of a source archive to learn its name, so it gets the hash and checks it first.
 * @param {Package} source
 * @param {string} stage
 * @returns {[string, string[]]}
 */
function pipCommand({ name, version, integrity, form }, stage) {
  const python = which("python3") ?? which("python");
  if (!python) throw new Stop(`Python was not found: pip downloads ${name}`);
  const list = join(stage, "requirements.txt");
  const { algorithm, hash } = hashIn(integrity);
  writeFileSync(list, `${name}==${version} --hash=${algorithm}:${hash.toString("hex")}\n`);
  const kind = form === "sdist" ? ["--no-binary", ":all:"] : ["--only-binary", ":all:"];
  const flags = ["--no-deps", "--ignore-requires-python", "--disable-pip-version-check", "--quiet", "--dest", stage];
  return [python, ["-m", "pip", "download", ...flags, ...kind, "--requirement", list]];
}

/** @param {string} integrity */
function hashIn(integrity) {
  const hyphen = integrity.indexOf("-");
  return { algorithm: integrity.slice(0, hyphen), hash: Buffer.from(integrity.slice(hyphen + 1), "base64") };
}

/**
 * @param {string} file
 * @param {Package} source
 * @returns {string} `file`
 */
function checked(file, { name, version, integrity }) {
  if (!existsSync(file)) throw new Stop(`${file}: not found`);
  const { algorithm, hash } = hashIn(integrity);
  const found = createHash(algorithm).update(readFileSync(file)).digest();
  if (found.equals(hash)) return file;
  throw new Stop(
    `${file}: its ${algorithm} is ${found.toString("base64")}, not ${hash.toString("base64")} of ${name} ${version}. Delete it to download it again.`,
  );
}
