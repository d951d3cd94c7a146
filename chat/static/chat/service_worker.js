// A navigation that finds no network gets the offline shell. Nothing else is kept, and nothing of anybody: pages are
// never stored, so a shared device shows nobody else's rooms. SHELL is put in front by chat/views/web_app.py.
const NAME = `shell-${SHELL.version}`;
const shells = new Set(); // the pages that were given the shell: only they get its files from the cache
const FILES = new Set(SHELL.files.map((path) => new URL(path, location).href));

// What changes something never comes here. A browser that can't be told so asks this script, by way of the page, and what
// a page says while it is being left (a draft, what was read) is then lost with it now and then.
const WRITES = { or: ["POST", "PUT", "PATCH", "DELETE"].map((requestMethod) => ({ requestMethod })) };

self.addEventListener("install", (event) => {
  event.waitUntil(
    (async () => {
      await event.addRoutes?.({ condition: WRITES, source: "network" })?.catch(() => {}); // the shell works without
      const cache = await caches.open(NAME);
      await cache.addAll(SHELL.files.map((path) => new Request(path, { cache: "reload", credentials: "omit" })));
      await self.skipWaiting();
    })(),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      const old = (await caches.keys()).filter((name) => name !== NAME);
      await Promise.all(old.map((name) => caches.delete(name)));
      await self.registration.navigationPreload?.enable(); // the request does not wait for this script to start
      await self.clients.claim();
    })(),
  );
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  if (request.mode === "navigate") event.respondWith(navigate(event));
  else if (shells.has(event.clientId) && FILES.has(request.url)) event.respondWith(fetch(request).catch(() => caches.match(request, { ignoreVary: true })));
});

async function navigate(event) {
  try {
    return (await event.preloadResponse) || (await fetch(event.request));
  } catch {
    shells.add(event.resultingClientId);
    return caches.match(SHELL.page, { ignoreVary: true });
  }
}
