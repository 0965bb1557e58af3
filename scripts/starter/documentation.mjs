// Readers of documentation that is written into programs.
import { gunzipSync } from "node:zlib";

/** @typedef {import("./archive.mjs").Archive} Archive */

/**
 * Reads the docstrings of a Python package, paragraph by paragraph, without its tests.
 * @param {Archive} archive
 */
export async function docstrings(archive) {
  const names = archive.names.filter((name) => name.endsWith(".py") && !/\/tests?\//.test(name));
  const files = await Promise.all(names.map((name) => archive.text(name)));
  const strings = files.flatMap((file) => [...file.matchAll(/"""(.*?)"""/gs)].map(([, text]) => text ?? ""));
  return strings.flatMap((text) => text.split(/\n\s*\n/)).flatMap(prose);
}

/**
 * Reads what the operations of web services do: a JSON file per service and version, in HTML.
 * @param {Archive} archive
 */
export async function services(archive) {
  const names = archive.names.filter((name) => name.endsWith("/service-2.json.gz"));
  const files = await Promise.all(names.map((name) => archive.bytes(name)));
  return files.flatMap((file) => {
    /** @type {{ documentation?: string, operations?: Record<string, { documentation?: string }> }} */
    const { documentation, operations } = JSON.parse(new TextDecoder().decode(gunzipSync(file)));
    const pages = [documentation, ...Object.values(operations ?? {}).map((operation) => operation.documentation)];
    return pages
      .flatMap((page) => [...(page ?? "").matchAll(/<p>(.*?)<\/p>/gs)])
      .map(([, text]) => withoutTags(text ?? ""));
  });
}

/** @param {string} html */
const withoutTags = (html) => html.replaceAll(/<[^>]+>/g, "");

/**
 * Tells prose from lists, examples and formulas; marks of code around words go.
 * @param {string} paragraph
 * @returns {string[]} the paragraph, or nothing
 */
function prose(paragraph) {
  const text = paragraph.trim().replaceAll(/(?::\w+:)?``?[~.]?([\w.]+)``?/g, "$1");
  return /^[A-Z][a-z]* [a-z]/.test(text) && !/^\s*(>>>|:\w+|\.\.|[-*] )|::|[`\\$_=]/m.test(text) ? [text] : [];
}
