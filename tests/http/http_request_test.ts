import { deepStrictEqual, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { hasShown } from "../../lib/http/basic_credentials.ts";
import { acceptsGzip, hasCopy } from "../../lib/http/http_copy.ts";
import {
  type HttpRequest,
  readRequest,
  responseOf,
  textAnswer,
} from "../../lib/http/http_request.ts";
import { answerRequest } from "../../lib/http/http_routes.ts";

function asked(
  path: string,
  { method = "GET", headers = {}, peer = "192.0.2.1" } = {},
): HttpRequest {
  const all = new Headers({ host: "hub:9680", ...headers });
  return { method, path, headers: all, peer };
}

/** What is answered where `/a` is all there is. */
async function answered(request: HttpRequest) {
  const route = {
    has: (path: string) => path === "/a",
    answer: () => textAnswer(200, "here"),
  };
  return await answerRequest([route], request);
}

Deno.test("readRequest() takes what was sent as the path, whatever stands in Host", () => {
  const pathOf = (url: string) =>
    readRequest(
      { method: "GET", url, headers: new Headers() } as Request,
      "local",
    )
      .path;
  strictEqual(pathOf("http+unix://hub:9680/list/a?b=/c#d"), "/list/a");
  strictEqual(pathOf("http+unix://%2Ftmp%2Fs%2Esock/list/a"), "/list/a");
  strictEqual(pathOf("http+unix://h//list/a"), "//list/a");
  strictEqual(pathOf("http+unix://h/list/../a"), "/list/../a");
  strictEqual(pathOf("http+unix://h/list/%2e%2e/a"), "/list/%2e%2e/a");
  strictEqual(pathOf("http+unix://h/*"), "/*");
  // CONNECT has no path.
  strictEqual(pathOf("http+unix://h:1"), "");
});

Deno.test("answerRequest() finds who has just that path, and nothing near it", async () => {
  strictEqual((await answered(asked("/a"))).status, 200);
  for (
    const path of [
      "",
      "/",
      "/A",
      "/a/",
      "//a",
      "/b/../a",
      "/%61",
      "/a%00",
      "/*",
    ]
  ) {
    strictEqual((await answered(asked(path))).status, 404, path);
  }
});

Deno.test("answerRequest() lets nobody do anything but read", async () => {
  for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "get"]) {
    const { status, headers } = await answered(asked("/a", { method }));
    strictEqual(status, 405, method);
    strictEqual(headers["allow"], "GET, HEAD");
  }
  strictEqual((await answered(asked("/a", { method: "HEAD" }))).status, 200);
  strictEqual((await answered(asked("/b", { method: "POST" }))).status, 404);
});

Deno.test("answerRequest() refuses a body, headers without measure, and junk in Host", async () => {
  const status = async (headers: Record<string, string>) =>
    (await answered(asked("/a", { headers }))).status;
  strictEqual(await status({ "content-length": "1" }), 413);
  strictEqual(await status({ "content-length": "x" }), 413);
  strictEqual(await status({ "transfer-encoding": "chunked" }), 413);
  strictEqual(await status({ "content-length": "0" }), 200);
  strictEqual(await status({ "x-a": "y".repeat(8_200) }), 431);
  for (
    const host of [
      "",
      "a b",
      "a/b",
      "a?b",
      "h, i",
      "a:b",
      "[::1",
      "a@b",
      "<script>",
      "\xff",
      "a:123456",
      "h".repeat(254),
    ]
  ) strictEqual(await status({ host }), 400, host);
  for (const host of ["h", "H.example.net:80", "192.0.2.1", "[::1]:9680"]) {
    strictEqual(await status({ host }), 200, host);
  }
  // HTTP/1.0 has none.
  const old = { ...asked("/a"), headers: new Headers() };
  strictEqual((await answered(old)).status, 200);
});

Deno.test("responseOf() has its length also where no body is sent, and all of a long one", async () => {
  const bytes = Uint8Array.from({ length: 200_001 }, (_, at) => at % 251);
  const answer = { status: 200, headers: { etag: '"a"' }, body: bytes };
  for (const method of ["GET", "HEAD"]) {
    const response = responseOf(asked("/a", { method }), answer);
    strictEqual(response.headers.get("content-length"), "200001");
    strictEqual(response.headers.get("x-content-type-options"), "nosniff");
    const body = new Uint8Array(await response.arrayBuffer());
    deepStrictEqual(body, method === "GET" ? bytes : new Uint8Array());
  }
  const none = responseOf(asked("/a"), { ...answer, body: undefined });
  strictEqual(none.headers.get("content-length"), null);
});

Deno.test("hasCopy() compares tags as a cache does", () => {
  for (
    const [header, has] of [
      [null, false],
      ["*", true],
      ['"a"', true],
      ['W/"a"', true],
      ['"b","a"', true],
      ['"b" , W/"a-gzip"', true],
      ['"b"', false],
      ["a", false],
      ['"aa"', false],
      ["", false],
    ] as const
  ) strictEqual(hasCopy(header, ["a", "a-gzip"]), has, String(header));
});

Deno.test("acceptsGzip() takes gzip where it is asked for and not less liked than plain", () => {
  for (
    const [header, accepts] of [
      [null, false],
      ["", false],
      ["gzip", true],
      ["GZIP", true],
      ["x-gzip", true],
      ["br, gzip ; q=0.1", true],
      ["gzip;q=0", false],
      ["gzip;q=0.000", false],
      ["*", true],
      ["*;q=0", false],
      ["identity;q=1, gzip;q=0.5", false],
      ["deflate", false],
      ["gzipped", false],
    ] as const
  ) strictEqual(acceptsGzip(header), accepts, String(header));
});

Deno.test("hasShown() takes just the name and the password, in any text", () => {
  const right = { username: "router", password: "a:b %" };
  const basic = (text: string) =>
    `Basic ${new TextEncoder().encode(text).toBase64()}`;
  strictEqual(hasShown(basic("router:a:b %"), right), true);
  strictEqual(
    hasShown(basic("router:a:b %").replace("Basic", "basic"), right),
    true,
  );
  for (
    const header of [
      null,
      "",
      "Basic",
      "Basic !",
      "Basic =",
      "Basic A",
      "Basic //8=",
      `Bearer ${basic("router:a:b %").slice(6)}`,
      basic("router:a:b"),
      basic("router:a:b %x"),
      basic("Router:a:b %"),
      basic(":"),
      basic(`router:a:b %${"x".repeat(2_000)}`),
    ]
  ) strictEqual(hasShown(header, right), false, String(header));
  fc.assert(fc.property(fc.string(), (text) => {
    strictEqual(hasShown(text, right), false);
    strictEqual(hasShown(basic(text), right), text === "router:a:b %");
  }));
});
