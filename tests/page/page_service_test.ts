import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { BODY_MS } from "../../lib/page/body_reader.ts";
import {
  BROWSER,
  codeBody,
  PageBench,
  textOf,
} from "../support/page/page_bench.ts";
import { settled } from "../support/memory/manual_clock.ts";

const ASK = "/api/ask";
const UNBAN = JSON.stringify({
  ...{ kind: "unban", address: "203.0.113.7", node: null },
  ...{ jail: null, local: false },
});

Deno.test("a login gives a cookie that no script and no other site has", async () => {
  const bench = new PageBench();
  const code = await bench.visits.issue({
    ...{ by: "alice", isReadOnly: true, forMs: 60_000 },
  });
  const answer = await bench.send("POST", "/api/login", {}, codeBody(code));
  strictEqual(answer.status, 200);
  match(
    answer.headers["set-cookie"] ?? "",
    /^f2bc_page=[\w-]{43}; Max-Age=60; Path=\/; HttpOnly; SameSite=Strict$/,
  );
  ok(!/digest|s{20}/.test(textOf(answer)));
  deepStrictEqual(bench.recorded, ["alice page enter page read only"]);
  const again = await bench.send("POST", "/api/login", {}, codeBody(code));
  strictEqual(again.status, 403);
  strictEqual(again.headers["set-cookie"], undefined);
});

Deno.test("behind a proxy the cookie is for HTTPS only", async () => {
  const bench = new PageBench();
  const code = await bench.visits.issue({
    ...{ by: "alice", isReadOnly: false, forMs: 60_000 },
  });
  const headers = {
    host: "bans.example.org",
    origin: "https://bans.example.org",
  };
  const answer = await bench.send(
    "POST",
    "/api/login",
    headers,
    codeBody(code),
  );
  match(answer.headers["set-cookie"] ?? "", /; Secure$/);
});

Deno.test("without a login nothing is told and nothing is done", async () => {
  const bench = new PageBench();
  for (const cookie of ["", "f2bc_page=", "f2bc_page=guess", "other=1"]) {
    for (
      const [method, path] of [["POST", ASK], ["GET", "/api/live"]] as const
    ) {
      const answer = await bench.send(
        method,
        path,
        { cookie },
        method === "POST" ? UNBAN : "",
      );
      strictEqual(answer.status, 401, `${path} ${cookie}`);
    }
    const visit = await bench.send("GET", "/api/visit", { cookie });
    strictEqual(textOf(visit), "");
  }
  deepStrictEqual(bench.asked, []);
});

Deno.test("what a login does is done in its user's name, whatever is sent", async () => {
  const bench = new PageBench();
  const cookie = await bench.enter();
  strictEqual((await bench.send("POST", ASK, { cookie }, UNBAN)).status, 200);
  deepStrictEqual(bench.asked, [{
    ...{ kind: "unban", by: "alice (page)", address: "203.0.113.7" },
    ...{ node: null, jail: null, local: false },
  }]);
  const forged = { ...JSON.parse(UNBAN), by: "root" };
  const answer = await bench.send(
    "POST",
    ASK,
    { cookie },
    JSON.stringify(forged),
  );
  strictEqual(answer.status, 400);
  strictEqual(bench.asked.length, 1);
});

Deno.test("a login that may only read changes nothing", async () => {
  const bench = new PageBench();
  const cookie = await bench.enter({ isReadOnly: true });
  const writes = [
    JSON.parse(UNBAN),
    {
      kind: "ban",
      address: "203.0.113.7",
      forMs: null,
      reason: "",
      force: false,
    },
    { kind: "release", node: "web1" },
    { kind: "allowAdd", network: "203.0.113.7", forMs: null, note: "" },
    { kind: "allowRemove", network: "203.0.113.7" },
  ];
  for (const write of writes) {
    const answer = await bench.send(
      "POST",
      ASK,
      { cookie },
      JSON.stringify(write),
    );
    strictEqual(answer.status, 403, write.kind);
  }
  deepStrictEqual(bench.asked, []);
  const read = await bench.send("POST", ASK, { cookie }, '{"kind":"status"}');
  strictEqual(read.status, 200);
});

Deno.test("what only the command asks, no browser does", async () => {
  const bench = new PageBench();
  const cookie = await bench.enter();
  const filter = {
    ...{ jail: null, node: null, at: null, within: null },
    ...{ sinceMs: null, notEnforced: false },
  };
  const others = [
    { kind: "pageLogin", by: "root", isReadOnly: false, forMs: 1 },
    { kind: "pageLogout", by: "root", user: null },
    { kind: "withdraw", node: "web1", sinceMs: null },
    { kind: "follow", since: null },
    { kind: "importRemove", name: "drop" },
    { ...JSON.parse(UNBAN), address: null },
    { kind: "bans", filter, sort: "since", limit: null },
    { kind: "bans", filter, sort: "since", limit: 10_000 },
    { kind: "why", address: "203.0.113.7<script>" },
    { kind: "constructor" },
    ...[null, [], "status", { kind: "status", more: 1 }],
  ];
  for (const value of others) {
    const text = JSON.stringify(value);
    const answer = await bench.send("POST", ASK, { cookie }, text);
    strictEqual(answer.status, 400, text);
  }
  deepStrictEqual(bench.asked, []);
});

Deno.test("10 MB are not read: neither said beforehand nor as they come", async () => {
  const bench = new PageBench();
  const cookie = await bench.enter();
  const told = { cookie, "content-length": "10485760" };
  strictEqual((await bench.send("POST", ASK, told, "{}")).status, 413);
  let sent = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      sent += 65_536;
      controller.enqueue(new Uint8Array(65_536));
      if (sent >= 10_485_760) controller.close();
    },
  });
  strictEqual((await bench.send("POST", ASK, { cookie }, endless)).status, 413);
  ok(sent < 1_000_000, `${sent} bytes were read`);
});

Deno.test("a body that does not come is not waited for", async () => {
  const bench = new PageBench();
  const cookie = await bench.enter();
  const silent = new ReadableStream<Uint8Array>({
    pull: () => new Promise(() => {}),
  });
  const answer = bench.send("POST", ASK, { cookie }, silent);
  for (let turns = 0; turns < 10; turns++) await settled();
  await bench.clock.advance(BODY_MS);
  strictEqual((await answer).status, 408);
});

Deno.test("no path leads anywhere, and nothing that is sent comes back in a header", async () => {
  const bench = new PageBench();
  const cookie = await bench.enter();
  const paths = [
    ...["/../etc/passwd", "/assets/../../etc/passwd", "/%2e%2e/etc/passwd"],
    ...["/assets/%00", "//etc/passwd", "/api", "/api/", "/API/ask"],
  ];
  for (const path of paths) {
    const answer = await bench.send("GET", path, { cookie });
    ok([401, 404].includes(answer.status), path);
  }
  const split = "/x%0d%0aset-cookie:%20a=b";
  const answer = await bench.send("GET", split, { cookie });
  strictEqual(answer.status, 404);
  ok(!JSON.stringify(answer.headers).includes("a=b"));
});

Deno.test("every answer forbids what the page does not do", async () => {
  const bench = new PageBench();
  const answers = [
    await bench.send("GET", "/nothing"),
    await bench.send("POST", ASK, {}, "{}"),
    await bench.send("GET", "/", { host: "attacker.example" }),
  ];
  for (const { headers } of answers) {
    match(headers["content-security-policy"] ?? "", /^default-src 'none'; /);
    match(
      headers["content-security-policy"] ?? "",
      /require-trusted-types-for 'script'; trusted-types 'none'$/,
    );
    strictEqual(headers["x-frame-options"], "DENY");
    strictEqual(headers["referrer-policy"], "no-referrer");
    strictEqual(headers["cross-origin-opener-policy"], "same-origin");
  }
});

Deno.test("logging out ends the login, and the browser forgets it", async () => {
  const bench = new PageBench();
  const cookie = await bench.enter();
  const answer = await bench.send("POST", "/api/logout", { cookie }, "{}");
  match(answer.headers["set-cookie"] ?? "", /^f2bc_page=; Max-Age=0; /);
  strictEqual((await bench.send("POST", ASK, { cookie }, UNBAN)).status, 401);
  strictEqual(BROWSER["host"], "localhost:9683");
});
