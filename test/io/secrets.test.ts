import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { RoFormer, RoFormerError } from "../../ts/index.js";
import { networkFailure } from "../../ts/io/sources/network.js";
import { platform, shownAddress } from "../../ts/platform/index.js";
import { temporaryFolder } from "../process.js";
import { HubServer } from "./hubServer.js";

const SECRET = "s3cr3tWord";
const hub = new HubServer();
let endpoint = "";

beforeEach(async () => {
  hub.settings = {};
  hub.files = new Map([["config.json", new Uint8Array(5)]]);
  endpoint = await hub.start();
  vi.stubEnv("HF_ENDPOINT", endpoint);
  vi.stubEnv("ROFORMER_CACHE", temporaryFolder());
});
afterEach(async () => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  await hub.stop();
});

/** The error of a load, after a look for the secret in all that could be printed of it. */
async function failure(source: string): Promise<RoFormerError> {
  const error = await RoFormer.load(source).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(RoFormerError);
  const printed: unknown[] = [inspect(error, { depth: 9, showHidden: true }), JSON.stringify(error)];
  for (let at = error as Error | undefined; at !== undefined; at = at.cause as Error | undefined)
    printed.push(at.message, at.stack, JSON.stringify(at));
  expect(printed.join("\n")).not.toContain(SECRET);
  return error as RoFormerError;
}

describe("a token is not shown where it", () => {
  it.each([
    ["holds a line end", `hf_A\n${SECRET}: x`, "HF_TOKEN holds a line end"],
    ["holds a carriage return", `hf_A\r${SECRET}`, "HF_TOKEN holds a line end"],
    ["holds a letter of no token", `hf_\u20ac${SECRET}`, "HF_TOKEN holds an invalid character at position 4"],
    ["holds a zero", `hf_\u0000${SECRET}`, "HF_TOKEN holds an invalid character at position 4"],
    ["holds a space", `hf_ ${SECRET}`, "HF_TOKEN holds an invalid character at position 4"],
  ])("%s", async (_, token, message) => {
    const real = platform.environment.bind(platform);
    vi.spyOn(platform, "environment").mockImplementation((name) => (name === "HF_TOKEN" ? token : real(name)));
    const error = await failure("hf:owner/name");
    expect([error.name, error.message]).toEqual(["ConfigError", message]);
    expect(hub.requests).toEqual([]);
  });

  it("is refused", async () => {
    vi.stubEnv("HF_TOKEN", SECRET);
    for (const settings of [{ token: "another" }, { status: 403 }, { status: 500 }]) {
      hub.settings = settings;
      await failure("hf:owner/name");
    }
    await hub.stop();
    await failure("hf:owner/name");
    await hub.start();
  });

  it("ends with a line end, as one from a file: that is dropped", async () => {
    vi.stubEnv("HF_TOKEN", `${SECRET}\n`);
    hub.settings = { token: SECRET };
    expect((await failure("hf:owner/name")).message).toContain("config.json");
    expect(hub.requests[0]!.authorization).toBe(`Bearer ${SECRET}`);
  });
});

describe("what is secret in an address is not shown:", () => {
  it.each([
    `http://user:${SECRET}@127.0.0.1:1`,
    `http://${SECRET}@127.0.0.1:1/x`,
    `ftp://user:${SECRET}@host`,
    `http://user:${SECRET}@host:99999999`,
    `user:${SECRET}@host`,
    `not a URL?${SECRET}`,
  ])("HF_ENDPOINT=%s", async (address) => {
    vi.stubEnv("HF_ENDPOINT", address);
    expect((await failure("hf:owner/name")).message).toContain("HF_ENDPOINT");
  });

  it("a query of HF_ENDPOINT", async () => {
    vi.stubEnv("HF_ENDPOINT", `${endpoint}/?key=${SECRET}#${SECRET}`);
    hub.settings = { status: 403 };
    await failure("hf:owner/name");
  });

  it.each([
    `http://user:${SECRET}@127.0.0.1:9/x`,
    `http://user:${SECRET}@host:99999999/x?a`,
    `http://user:a/${SECRET}@host/x`,
    `https://127.0.0.1:9/x?signature=${SECRET}`,
    `https://[::/x?signature=${SECRET}`,
    `hf:https://user:${SECRET}@host/owner/name`,
  ])("%s", async (source) => {
    await failure(source);
  });

  it("a signed address that a hub redirects to", async () => {
    hub.settings = {
      answer: (_, response) => {
        response.writeHead(302, { Location: `http://user:${SECRET}@127.0.0.1:9/x?signature=${SECRET}` }).end();
        return true;
      },
    };
    expect((await failure("hf:owner/name")).message).toContain("which is not followed");
    hub.settings = {
      answer: ({ headers }, response) => {
        response.writeHead(302, { ...headers, Location: `http://127.0.0.1:9/x?signature=${SECRET}` }).end();
        return true;
      },
    };
    expect((await failure("hf:owner/name")).message).toContain("cannot be reached");
  });

  it("whatever fetch says of a request", () => {
    const texts = [
      `Headers.append: "Bearer ${SECRET}" is an invalid header value.`,
      `Request cannot be constructed from a URL that includes credentials: http://u:${SECRET}@h`,
      `Failed to parse URL from http://h?${SECRET}`,
    ];
    for (const text of texts) {
      const { words, cause } = networkFailure(new TypeError("fetch failed", { cause: new TypeError(text) }));
      expect([words, cause.message]).toEqual(["fetch failed", "fetch failed"]);
      expect(networkFailure(new TypeError(text)).words).toBe("the request failed");
    }
    expect(shownAddress("plain/path")).toBe("plain/path");
  });
});
