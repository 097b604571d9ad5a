import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import type { Clock } from "../../lib/async/clock.ts";
import { BanTable } from "../../lib/ban/ban_table.ts";
import type { HttpAnswer, HttpRequest } from "../../lib/http/http_request.ts";
import type { ListSource } from "../../lib/exports/list_copy.ts";
import type { ListRules } from "../../lib/exports/list_rules.ts";
import { ListService } from "../../lib/exports/list_service.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";
import { lifted, reported } from "../support/values/bans.ts";
import { address } from "../support/values/core_values.ts";

const RULES: ListRules = {
  name: "edge",
  format: "plain",
  jails: ["*"],
  nodes: ["*"],
  minLeftMs: 0,
  isAggregated: false,
  allowFrom: ["127.0.0.0/8", "192.0.2.0/24", "2001:db8::/32"].map(address),
  credentials: undefined,
};

/** A clock of which a test says how late it is; nobody waits. */
class SteppedClock implements Clock {
  ms = 0;
  nowMs = () => this.ms;
  monotonicMs = () => this.ms;
  delay = (_ms: number, signal: AbortSignal) => {
    signal.throwIfAborted();
    return Promise.resolve();
  };
}

/** A service and its table; each list is served from `source`. */
function world(
  lists: readonly Partial<ListRules>[] = [{}],
  { isLoaded = true } = {},
) {
  const table = new BanTable();
  const clock = new SteppedClock();
  const log = new MemoryLog();
  const stop = new AbortController();
  const state = { isLoaded, storeTrouble: undefined as string | undefined };
  const source: ListSource = {
    table,
    get storeTrouble() {
      return state.storeTrouble;
    },
    get time() {
      return { nowMs: clock.ms, aheadMs: 0 };
    },
  };
  const service = new ListService({
    lists: lists.map((rules) => ({ ...RULES, ...rules })),
    source: () => state.isLoaded ? source : undefined,
    clock,
    log,
    signal: stop.signal,
  });
  const get = (
    headers: Record<string, string> = {},
    { path = "/list/edge", peer = "127.0.0.1" } = {},
  ): Promise<HttpAnswer> => {
    const request: HttpRequest = {
      ...{ method: "GET", path, peer },
      headers: new Headers(headers),
    };
    return service.answer(request);
  };
  return { table, clock, log, stop, state, service, get };
}

function textOf({ body }: HttpAnswer): string {
  return new TextDecoder().decode(body);
}

async function unzipped({ body }: HttpAnswer): Promise<string> {
  const stream = new Response(body).body
    ?.pipeThrough(new DecompressionStream("gzip"));
  return await new Response(stream).text();
}

Deno.test("a list is another one after each change, and has the same tag until then", async () => {
  const { table, service, get } = world();
  table.apply(reported(1));
  const first = await get();
  strictEqual(first.status, 200);
  strictEqual(textOf(first), "192.0.2.1\n");
  strictEqual(first.headers["content-type"], "text/plain; charset=utf-8");
  strictEqual(
    first.headers["cache-control"],
    "private, no-cache, no-transform",
  );
  const { etag = "" } = first.headers;
  match(etag, /^"[0-9a-f]{32}"$/);
  const same = await get({ "if-none-match": etag });
  deepStrictEqual([same.status, same.body], [304, undefined]);
  strictEqual(same.headers["etag"], etag);
  strictEqual(service.made, 1);

  table.apply(reported(2, "web1", { last: 2 }));
  const next = await get({ "if-none-match": etag });
  strictEqual(textOf(next), "192.0.2.1\n192.0.2.2\n");
  ok(next.headers["etag"] !== etag);
  strictEqual(service.made, 2);

  // What is as it was has its tag again.
  table.apply(lifted(3, 2));
  strictEqual((await get({ "if-none-match": etag })).status, 304);
  strictEqual(service.made, 3);
});

Deno.test("a list is made once for a change, whoever asks, and once more when a ban in it has ended", async () => {
  const { table, clock, service, get } = world();
  table.apply(reported(1, "web1", { expiresMs: 60_000 }));
  table.apply(reported(2, "web1", { last: 2, expiresMs: 90_000 }));
  const answers = await Promise.all(Array.from({ length: 20 }, () => get()));
  for (const answer of answers) {
    strictEqual(textOf(answer), "192.0.2.1\n192.0.2.2\n");
  }
  clock.ms = 59_999;
  await get();
  strictEqual(service.made, 1);
  // The table is looked through for what has ended a little later.
  clock.ms = 60_000;
  strictEqual(textOf(await get()), "192.0.2.2\n");
  await get();
  strictEqual(service.made, 2);
});

Deno.test("a list that takes long to be made is made after a pause that is as long, and is the newest then", async () => {
  const { table, clock, service, get } = world();
  let seq = 0;
  for (let last = 1; last <= 200; last++) {
    table.apply(reported(++seq, "web1", { last }));
  }
  // What is waited for takes its time, and each turn 10 ms.
  const delay = clock.delay;
  clock.delay = (ms, signal) => (clock.ms += ms + 10, delay(ms, signal));
  await get();
  const tookMs = clock.ms;
  ok(tookMs > 10, `${tookMs}`);
  table.apply(lifted(++seq, 7));
  strictEqual(textOf(await get()).split("\n").includes("192.0.2.7"), false);
  strictEqual(service.made, 2);
  ok(clock.ms >= 3 * tookMs, `${clock.ms} after ${tookMs}`);
});

Deno.test("while the table is not loaded or can't be kept there is no list, and never an empty one", async () => {
  const { table, state, get, service, log } = world([{}], { isLoaded: false });
  const isNone = async (why: RegExp) => {
    const answer = await get({ "if-none-match": "*" });
    strictEqual(answer.status, 503);
    strictEqual(answer.headers["retry-after"], "10");
    strictEqual(answer.headers["cache-control"], "no-store");
    match(textOf(answer), why);
  };
  await isNone(/not loaded/);
  table.apply(reported(1));
  state.isLoaded = true;
  strictEqual(textOf(await get()), "192.0.2.1\n");
  state.storeTrouble = "disk full";
  await isNone(/can't be stored/);
  state.storeTrouble = undefined;
  strictEqual((await get()).status, 200);
  deepStrictEqual(service.counters, {
    sent: 2,
    unchanged: 0,
    refused: 0,
    unavailable: 2,
  });
  ok(!log.text.includes("disk full"));
});

Deno.test("a list that is made while the publisher ends is none", async () => {
  const { stop, get } = world();
  stop.abort(new Error("stopped"));
  strictEqual((await get()).status, 503);
});

Deno.test("a list is compressed once, for those who take it so, and is the same list", async () => {
  const { table, get } = world();
  for (let last = 1; last <= 200; last++) {
    table.apply(reported(last, "web1", { last }));
  }
  const plain = await get();
  const zipped = await get({ "accept-encoding": "gzip, deflate" });
  strictEqual(zipped.headers["content-encoding"], "gzip");
  strictEqual(zipped.headers["vary"], "Accept-Encoding");
  strictEqual(plain.headers["vary"], "Accept-Encoding");
  strictEqual(await unzipped(zipped), textOf(plain));
  ok((zipped.body?.length ?? Infinity) < (plain.body?.length ?? 0) / 2);
  const tags = [plain, zipped].map(({ headers }) => headers["etag"] ?? "");
  ok(tags[0] !== tags[1], "each representation has a strong tag of its own");
  for (const tag of tags) {
    strictEqual((await get({ "if-none-match": tag })).status, 304);
  }
  const again = await get({ "accept-encoding": "gzip" });
  ok(again.body === zipped.body);
});

Deno.test("a list is for the networks that may read it, and for whoever may open the socket", async () => {
  const { get, log, service } = world();
  for (
    const peer of ["192.0.2.200", "127.9.9.9", "2001:db8:ffff::1", "local"]
  ) {
    strictEqual((await get({}, { peer })).status, 200, peer);
  }
  for (
    const peer of ["192.0.3.1", "2001:db9::1", "::1", "fe80::1%eth0", "", "x"]
  ) strictEqual((await get({}, { peer })).status, 403, peer);
  strictEqual(service.counters.refused, 6);
  ok(
    log.records.every(({ severity }) => ["info", "notice"].includes(severity)),
  );
  strictEqual((await get({}, { path: "/list/other" })).status, 404);
});

Deno.test("a list with credentials asks for them, and says nothing of them", async () => {
  const credentials = { username: "router", password: "correct horse" };
  const { table, get, log } = world([{ credentials }]);
  table.apply(reported(1));
  const basic = (text: string) => ({
    authorization: `Basic ${new TextEncoder().encode(text).toBase64()}`,
  });
  const none = await get();
  strictEqual(none.status, 401);
  match(none.headers["www-authenticate"] ?? "", /^Basic realm=/);
  strictEqual((await get(basic("router:wrong battery"))).status, 401);
  strictEqual((await get(basic("router:correct horse"))).status, 200);
  // Who may not read at all is not asked.
  const stranger = { peer: "198.51.100.1" };
  strictEqual((await get(basic("router:correct horse"), stranger)).status, 403);
  ok(!/horse|battery/.test(log.text));
});

Deno.test("each list has its own rules", async () => {
  const { table, get } = world([
    { name: "edge" },
    { name: "json", format: "json", jails: ["nginx"] },
  ]);
  table.apply(reported(1));
  strictEqual(textOf(await get()), "192.0.2.1\n");
  const json = await get({}, { path: "/list/json" });
  strictEqual(json.headers["content-type"], "application/x-ndjson");
  // None of its bans is in force: that is known.
  deepStrictEqual([json.status, textOf(json)], [200, ""]);
});
