import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { PROXY_VISIT_MS } from "../../lib/page/proxy_user.ts";
import { parsePageUsers } from "../../lib/members/page_user.ts";
import { PageBench, textOf } from "../support/page/page_bench.ts";

const USERS = [
  { name: "alice", isReadOnly: false },
  { name: "bob", isReadOnly: true },
];
const ASK = "/api/ask";
const STATUS = '{"kind":"status"}';
const UNBAN = JSON.stringify({
  ...{ kind: "unban", address: "203.0.113.7", node: null },
  ...{ jail: null, local: false },
});
/** What comes from a browser through the proxy. */
const PROXY = {
  "host": "bans.example.org",
  "origin": "https://bans.example.org",
};
const ALICE = { ...PROXY, "remote-user": "alice" };

Deno.test("whom the proxy names does what it does in that name, and as much as it may", async () => {
  const bench = new PageBench(USERS);
  const visit = await bench.send("GET", "/api/visit", ALICE);
  match(textOf(visit), /^\{"by":"alice","isReadOnly":false,.*"isByProxy":true/);
  strictEqual((await bench.send("POST", ASK, ALICE, UNBAN)).status, 200);
  deepStrictEqual(bench.asked, [
    { ...JSON.parse(UNBAN), by: "alice (page)" },
  ]);
  const bob = { ...PROXY, "remote-user": "bob" };
  strictEqual((await bench.send("POST", ASK, bob, UNBAN)).status, 403);
  strictEqual((await bench.send("POST", ASK, bob, STATUS)).status, 200);
  strictEqual((await bench.send("POST", "/api/logout", bob, "{}")).status, 400);
});

Deno.test("nobody else's word of who it is counts", async () => {
  const header = { "remote-user": "alice" };
  const tries = {
    "over loopback": [USERS, ALICE, "127.0.0.1"],
    "from another host": [USERS, ALICE, "192.0.2.1"],
    "through ssh -L": [USERS, { ...header, host: "localhost:9683" }, "local"],
    "where no proxy is believed": [[], ALICE, "local"],
  } as const;
  for (const [what, [users, headers, peer]] of Object.entries(tries)) {
    const bench = new PageBench(users);
    const answer = await bench.send("POST", ASK, headers, STATUS, peer);
    strictEqual(answer.status, 401, what);
    const visit = await bench.send("GET", "/api/visit", headers, "", peer);
    strictEqual(textOf(visit), "", what);
    deepStrictEqual(bench.asked, [], what);
  }
});

Deno.test("whom the proxy names and the configuration does not gets nowhere, not by a cookie either", async () => {
  const bench = new PageBench(USERS);
  const cookie = await bench.enter();
  const names = [
    ...["root", "Alice", "alice,alice", "alice, bob", "alice:read", "alicE"],
    ...["alice\t", "b\u00f6b", "*", "(null)", "a".repeat(5_000)],
  ];
  for (const name of names.filter((it) => it.trim() !== "alice")) {
    const headers = { ...PROXY, cookie, "remote-user": name };
    const answer = await bench.send("POST", ASK, headers, STATUS);
    strictEqual(answer.status, 403, name);
    const login = await bench.send("POST", "/api/login", headers, "{}");
    strictEqual(login.status, 403, name);
  }
  deepStrictEqual(bench.asked, []);
});

Deno.test("where the proxy names nobody, a code is asked for", async () => {
  const bench = new PageBench(USERS);
  for (const headers of [PROXY, { ...PROXY, "remote-user": "" }]) {
    const answer = await bench.send("POST", ASK, headers, STATUS);
    strictEqual(answer.status, 401);
  }
  const cookie = await bench.enter();
  const known = await bench.send("POST", ASK, { ...PROXY, cookie }, STATUS);
  strictEqual(known.status, 200);
});

Deno.test("the proxy's word is no way around what guards the page", async () => {
  const bench = new PageBench(USERS);
  const others = [
    { ...ALICE, origin: "https://attacker.example" },
    { ...ALICE, "sec-fetch-site": "cross-site" },
    { ...ALICE, "content-type": "text/plain" },
    { ...ALICE, host: "attacker.example" },
  ];
  const statuses: number[] = [];
  for (const headers of others) {
    statuses.push((await bench.send("POST", ASK, headers, UNBAN)).status);
  }
  deepStrictEqual(statuses, [403, 403, 415, 421]);
  deepStrictEqual(bench.asked, []);
});

Deno.test("what goes on is told for as long as the proxy's word counts", async () => {
  const bench = new PageBench(USERS);
  const event = Promise.withResolvers<void>();
  bench.ask = async function* (question, signal) {
    if (question.kind === "tail") return void await stopped(signal);
    yield { kind: "following", epoch: "e" as never, change: 1 };
    await event.promise;
    yield { kind: "following", epoch: "e" as never, change: 2 };
    await stopped(signal);
  };
  const told = await bench.follow(ALICE);
  strictEqual((await told.next()).value?.startsWith("retry:"), true);
  match((await told.next()).value ?? "", /^id: 1\n/);
  await bench.clock.advance(PROXY_VISIT_MS);
  event.resolve();
  strictEqual((await told.next()).value, "event: over\ndata: {}\n\n");
  strictEqual((await told.next()).done, true);
});

async function stopped(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) =>
    signal.addEventListener("abort", resolve, { once: true })
  );
}

Deno.test("parsePageUsers() reads names that a header can have", () => {
  deepStrictEqual(parsePageUsers("alice bob:read"), USERS);
  deepStrictEqual(parsePageUsers(""), []);
  for (
    const wrong of [
      ...["alice:write", "alice alice", "alice, alice:read", "a b:"],
      ...["-a", "<b>", "a".repeat(65)],
      Array.from({ length: 101 }, (_, at) => `u${at}`).join(" "),
    ]
  ) strictEqual(parsePageUsers(wrong), undefined, wrong);
});
