import { ConfigError, DataError } from "../../errors.js";
import { type KeptFile, platform, shownAddress } from "../../platform/index.js";
import type { Files, SourceOptions } from "../interface.js";
import { readWhole } from "./http.js";
import type { Hub } from "./hubCache.js";
import type { HubModel } from "./hubRequest.js";
import { checkedEndpoint, checkedToken } from "./hubSettings.js";

/** The hub of `hf:`. Default for `HF_ENDPOINT`. */
const ENDPOINT = "https://huggingface.co";

/**
 * The files of a model on the Hugging Face hub, `hf:owner/name` or `hf:owner/name@revision` (a branch, tag or commit; `main`
 * by default). Files are downloaded once and cached (`Platform.downloads`) by the commit that the hub names: a load requests
 * the revision's commit, and reads everything else of it from the cache. Without a network, the last commit seen is used.
 * Downloads are checked against the length and the hash that the hub announces. `HF_TOKEN` is sent only to the hub's origin.
 */
export function hubFiles(source: string, options: SourceOptions): Files {
  const model = parseHub(source);
  let opened: Promise<Hub> | undefined;
  const hub = () => (opened ??= import("./hubCache.js").then(({ Hub }) => new Hub(model, options)));
  const open = async (file: string): Promise<KeptFile> => {
    const found = await (await hub()).open(file);
    if (found === undefined)
      throw new DataError(`${model.name}/${file}: the hub has no such file`, { reason: "not-found" });
    return found;
  };
  return {
    name: model.name,
    has: async (file) => (await hub()).has(file),
    size: async (file) => (await open(file)).size,
    read: async (file) => readWhole(`${model.name}/${file}`, await open(file)),
    readRange: async (file, start, end) => (await open(file)).readRange(start, end),
    list: async () => undefined,
  };
}

function parseHub(source: string): HubModel {
  const [, repository, revision = "main"] = /^hf:([\w.-]+(?:\/[\w.-]+)?)(?:@([\w./-]+))?$/.exec(source) ?? [];
  const parts = [...(repository ?? "..").split("/"), ...revision.split("/")];
  if (repository === undefined || parts.some((part) => part === "" || part === "." || part === ".."))
    throw new ConfigError(
      `${source.includes("//") ? shownAddress(source) : source} is not hf:owner/name or hf:owner/name@revision`,
    );
  const endpoint = checkedEndpoint(platform.environment("HF_ENDPOINT") || ENDPOINT);
  return { name: source, repository, revision, endpoint, token: checkedToken(platform.environment("HF_TOKEN")) };
}
