import type { Browser, Page } from "playwright-core";

/** A page, and what went wrong in it: errors on its console, requests without an answer. */
export interface Opened {
  readonly page: Page;
  readonly complaints: readonly string[];
  /** Addresses of all that it asked for, its workers too. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

/** Opens a page in a context of its own, with nothing in its caches. */
export async function open(browser: Browser, url: string): Promise<Opened> {
  const context = await browser.newContext();
  const page = await context.newPage();
  const [complaints, requests]: [string[], string[]] = [[], []];
  context.on("request", (request) => requests.push(request.url()));
  context.on("response", (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()} ${response.url()}`);
  });
  context.on("requestfailed", (request) => complaints.push(`${request.failure()?.errorText} ${request.url()}`));
  page.on("pageerror", ({ message }) => complaints.push(message));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  await page.goto(url);
  return { page, complaints, requests, close: () => context.close() };
}

/** The value of an expression in the page, when its modules have been run. */
export async function ask<T>({ page, complaints }: Opened, expression: string): Promise<T> {
  // As the tools of developers do it, but that the page's Content-Security-Policy counts for what is called.
  const tools = await page.context().newCDPSession(page);
  const given = { expression, awaitPromise: true, returnByValue: true, allowUnsafeEvalBlockedByCSP: false };
  const { result, exceptionDetails } = await tools.send("Runtime.evaluate", given);
  if (exceptionDetails === undefined) return result.value as T;
  const { exception, text } = exceptionDetails;
  throw new Error(`${exception?.description ?? text}; the page complained of: ${complaints.join("; ") || "nothing"}`);
}
