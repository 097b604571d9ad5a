import { strictEqual } from "node:assert/strict";
import { pageRefusal } from "../../lib/page/page_guard.ts";

const POST = {
  "content-type": "application/json",
  "host": "localhost:9683",
  "origin": "http://localhost:9683",
  "sec-fetch-site": "same-origin",
};

/** The status with which a request is refused; 0: it is not. */
function status(
  method: string,
  path: string,
  headers: Readonly<Record<string, string | undefined>>,
  hasQuery = false,
): number {
  const given = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as [string, string]]
  );
  const request = {
    ...{ method, path, hasQuery, body: null, peer: "127.0.0.1" },
    headers: new Headers(given),
  };
  return pageRefusal(request, ["bans.example.org"])?.status ?? 0;
}

Deno.test("a name that was bound anew is not the page's, whatever its address is", () => {
  for (
    const host of ["localhost:9683", "127.0.0.1", "[::1]:9683", "LOCALHOST"]
  ) {
    strictEqual(status("GET", "/", { host }), 0, host);
  }
  strictEqual(status("GET", "/", { host: "bans.example.org" }), 0);
  const others = [
    ...["attacker.example", "localhost.attacker.example:9683", "192.0.2.1"],
    ...["bans.example.org.attacker.example", "127.0.0.1.attacker.example"],
  ];
  for (const host of others) {
    strictEqual(status("GET", "/", { host }), 421, host);
    strictEqual(status("GET", "/api/live", { host }), 421, host);
  }
  strictEqual(status("GET", "/", {}), 421);
  strictEqual(status("GET", "/", { host: "a b" }), 400);
});

Deno.test("what changes something comes from the page itself, as JSON", () => {
  const asked = (changed: Readonly<Record<string, string | undefined>>) =>
    status("POST", "/api/ask", { ...POST, ...changed });
  strictEqual(asked({}), 0);
  strictEqual(asked({ "sec-fetch-site": undefined }), 0);
  strictEqual(asked({ origin: "https://localhost:9683" }), 0);
  for (
    const origin of [
      ...[undefined, "null", "http://localhost:9684", "http://localhost"],
      ...["http://attacker.example", "http://localhost:9683.attacker.example"],
    ]
  ) {
    strictEqual(asked({ origin }), 403, origin);
  }
  for (const site of ["cross-site", "same-site", "none"]) {
    strictEqual(asked({ "sec-fetch-site": site }), 403, site);
  }
  for (
    const type of [
      ...[undefined, "text/plain", "application/x-www-form-urlencoded"],
      ...["multipart/form-data; boundary=a", "text/plain;application/json"],
    ]
  ) {
    strictEqual(asked({ "content-type": type }), 415, type);
  }
});

Deno.test("nothing secret can be in a URL, since nothing is asked with a query", () => {
  const host = "localhost:9683";
  strictEqual(status("GET", "/", { host }, true), 400);
  strictEqual(status("GET", "/api/live", { host }, true), 400);
  strictEqual(status("POST", "/api/login", POST, true), 400);
});

Deno.test("another site may link to the page, and read nothing of it", () => {
  const headers = { host: "localhost:9683", "sec-fetch-site": "cross-site" };
  strictEqual(status("GET", "/", headers), 0);
  strictEqual(status("GET", "/api/live", headers), 403);
  strictEqual(status("GET", "/assets/a/page/main.ts", headers), 403);
});

Deno.test("there is no other method, and a head has its bounds", () => {
  const host = "localhost:9683";
  for (const method of ["PUT", "DELETE", "OPTIONS", "PATCH"]) {
    strictEqual(status(method, "/api/ask", { ...POST, host }), 405, method);
  }
  strictEqual(status("GET", "/", { host, cookie: "a".repeat(9_000) }), 431);
});
