// Gives every answer of this site the headers that threads need, where its server cannot send them. A page that was loaded
// before this worker is active has to be loaded once more: see docs/browser.md.

addEventListener("install", () => skipWaiting());
addEventListener("fetch", (event) => event.respondWith(isolated(event.request)));

async function isolated(request) {
  const response = await fetch(request);
  if (response.status === 0) return response; // another origin's, or a redirection: closed, and passed on as it is
  const { status, statusText, body } = response;
  const headers = new Headers(response.headers);
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  headers.set("Cross-Origin-Embedder-Policy", "require-corp");
  return new Response(body, { status, statusText, headers });
}
