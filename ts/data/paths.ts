import { DataError } from "../errors.js";
import { reading } from "../io/reasons.js";
import { platform } from "../platform/index.js";

/** Names of a folder's entries; undefined if it is not a folder. Errors: DataError. */
const namesIn = (folder: string): Promise<string[] | undefined> => reading(folder, () => platform.listFolder(folder));

/** Extensions of files with texts. */
const TEXTS = /\.(txt|jsonl?|ndjson|csv|tsv|parquet)(\.(gz|zst))?$/i;
const MAGIC = /[*?[\]{}]/;
/** Levels of folders: links may lead in a circle. */
const DEEPEST = 64;

/**
 * The files that a path, a folder or a pattern stands for, sorted. Of a folder and those in it, files with the extensions of texts:
 * `.txt .jsonl .ndjson .json .csv .tsv .parquet`, with `.gz` or `.zst`. A pattern has `*`, `?`, `[…]`, `{a,b}` within a name and `**` for
 * any folders; hidden files and folders do not count. Errors: DataError for a folder without texts, or a pattern that no file matches.
 */
export async function filesOf(path: string): Promise<string[]> {
  if ((await namesIn(path)) !== undefined) {
    const all = (await below(path)).filter((file) => TEXTS.test(file));
    if (all.length > 0) return all;
    throw new DataError(`${path}: the folder has no texts (.txt, .jsonl, .json, .csv, .tsv or .parquet)`);
  }
  if (!MAGIC.test(path) || (await reading(path, () => platform.exists(path)))) return [path];
  const matching = await matchingFiles(path.replaceAll("\\", "/"));
  if (matching.length > 0) return matching;
  throw new DataError(`${path}: no file matches this pattern`, { reason: "not-found" });
}

async function matchingFiles(pattern: string): Promise<string[]> {
  const segments = pattern.split("/");
  const fixed = segments.slice(
    0,
    segments.findIndex((segment) => MAGIC.test(segment)),
  );
  const base = fixed.join("/") || (pattern.startsWith("/") ? "/" : ".");
  if ((await namesIn(base)) === undefined) return [];
  const depth = pattern.includes("**") ? DEEPEST : segments.length - fixed.length;
  const regex = patternRegex(pattern);
  const name = (file: string) => (fixed.length === 0 && base === "." ? file.slice(2) : file);
  return (await below(base, depth)).map(name).filter((file) => regex.test(file));
}

/** All files below a folder that are not hidden, at most so many levels down. */
async function below(folder: string, levels = DEEPEST): Promise<string[]> {
  const names = (await namesIn(folder)) ?? [];
  const found: string[] = [];
  for (const name of names) {
    if (name.startsWith(".")) continue;
    const path = `${folder.replace(/[/\\]+$/, "")}/${name}`;
    if ((await namesIn(path)) === undefined) found.push(path);
    else if (levels > 1) found.push(...(await below(path, levels - 1)));
  }
  return found;
}

/** A pattern as a regular expression for whole paths. */
function patternRegex(pattern: string): RegExp {
  const parts = pattern.match(/\*\*\/|\*\*|\*|\?|\[[^\]]*\]|\{[^}]*\}|[^*?[{]+|[[{]/g) ?? [];
  const escaped = (text: string) => text.replace(/[\\^$.|+()[\]{}*?]/g, "\\$&");
  const source = parts.map((part) => {
    if (part === "**/") return "(?:.*/)?";
    if (part === "**") return ".*";
    if (part === "*") return "[^/]*";
    if (part === "?") return "[^/]";
    if (/^\[.+\]$/.test(part)) return `[${part.slice(1, -1).replace(/^!/, "^").replaceAll("\\", "\\\\")}]`;
    if (/^\{.*\}$/.test(part)) return `(?:${part.slice(1, -1).split(",").map(escaped).join("|")})`;
    return escaped(part);
  });
  return new RegExp(`^${source.join("")}$`, "u");
}
