/**
 * A plugin for Vite: `plugins: [roformer()]`.
 * @module roformer/vite
 */

import { checkOptions, type Names } from "./options.js";

/** What allows a page to share memory between threads. */
const HEADERS = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

/** The part of Vite's plugins that this one has. */
export interface VitePlugin {
  /** Its name in messages. */
  readonly name: "roformer";
  /** What it adds to the configuration. */
  config(): object;
}

/** Settings of the plugin. */
export interface VitePluginOptions {
  /**
   * Whether Vite's own servers send the headers that threads need. Default: true. They keep a page from using what other origins serve without
   * their consent.
   */
  readonly isolate?: boolean | undefined;
}

const PLUGIN: Names<VitePluginOptions> = { isolate: true };

/**
 * Lets Vite up to 7 find the package's files while it serves sources (from 8 on it does by itself), and lets its servers send
 * the headers without which a session has one thread.
 */
export default function roformer(options: VitePluginOptions = {}): VitePlugin {
  checkOptions("roformer", options, PLUGIN);
  const { isolate = true } = options;
  const headers = isolate ? { server: { headers: HEADERS }, preview: { headers: HEADERS } } : {};
  return { name: "roformer", config: () => ({ optimizeDeps: { exclude: ["roformer"] }, ...headers }) };
}
