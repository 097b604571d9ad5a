import { deepStrictEqual, strictEqual } from "node:assert/strict";
import type { Fault } from "../../lib/metrics/health.ts";
import { CountedRoute } from "../../lib/metrics/counted_route.ts";
import { LabelledCounts } from "../../lib/metrics/labelled_counts.ts";
import { MetricsRoute } from "../../lib/metrics/metrics_route.ts";

const DECODER = new TextDecoder();

/** A route, and what a peer is answered there. */
function world() {
  const state = {
    faults: [] as Fault[],
    missing: undefined as string | undefined,
  };
  const route = new MetricsRoute({
    render: () => Promise.resolve("f2bc_publisher_seq 3\n"),
    contentType: "text/plain; version=0.0.4; charset=utf-8",
    faults: () => state.faults,
    startingWith: () => state.missing,
  });
  const get = async (path: string, peer = "127.0.0.1") => {
    const request = { method: "GET", path, headers: new Headers(), peer };
    const { status, body } = await route.answer(request);
    return [status, DECODER.decode(body)];
  };
  return { state, route, get };
}

Deno.test("MetricsRoute answers /healthz with a line a fault, and /readyz with what is missing", async () => {
  const { state, get } = world();
  deepStrictEqual(await get("/metrics"), [200, "f2bc_publisher_seq 3\n"]);
  deepStrictEqual(await get("/healthz"), [200, "ok\n"]);
  deepStrictEqual(await get("/readyz"), [200, "ok\n"]);
  state.faults.push(
    { name: "store", words: "disk full" },
    { name: "log-silent", words: "the log is silent" },
  );
  state.missing = "there is no copy yet";
  deepStrictEqual(await get("/healthz"), [
    503,
    "store: disk full\nlog-silent: the log is silent\n",
  ]);
  deepStrictEqual(await get("/readyz"), [503, "there is no copy yet\n"]);
});

Deno.test("MetricsRoute is there for this host only", async () => {
  const { route, get } = world();
  for (const path of ["/metrics", "/healthz", "/readyz"]) {
    strictEqual(route.has(path), true);
    for (const peer of ["local", "::1", "127.0.0.53"]) {
      strictEqual((await get(path, peer))[0], 200);
    }
    for (const peer of ["192.0.2.1", "2001:db8::1", "::127.0.0.1"]) {
      strictEqual((await get(path, peer))[0], 404);
    }
  }
  strictEqual(route.has("/metrics/"), false);
  strictEqual(route.has("/"), false);
});

Deno.test("CountedRoute counts by the path's end and the status", async () => {
  const counts = new LabelledCounts(["list", "code"], 10);
  const statuses = [200, 304, 200];
  const route = new CountedRoute({
    has: (path) => path === "/list/edge",
    answer: () => ({
      status: statuses.shift() ?? 0,
      headers: {},
      body: undefined,
    }),
  }, counts);
  const path = "/list/edge";
  strictEqual(route.has(path), true);
  for (let at = 0; at < 3; at++) {
    await route.answer({
      method: "GET",
      path,
      headers: new Headers(),
      peer: "local",
    });
  }
  deepStrictEqual([...counts.entries()], [
    [{ list: "edge", code: "200" }, 2],
    [{ list: "edge", code: "304" }, 1],
  ]);
});
