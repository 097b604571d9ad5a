import {
  deepStrictEqual,
  match,
  ok,
  rejects,
  strictEqual,
} from "node:assert/strict";
import { CODE_MS } from "../../lib/page/page_visits.ts";
import { VISITS_FORM } from "../../lib/page/visit_form.ts";
import { LOGIN, PageBench } from "../support/page/page_bench.ts";

Deno.test("a code lets one in, once, and what is shown then is known", async () => {
  const { visits, clock } = new PageBench();
  const code = await visits.issue(LOGIN);
  const entry = await visits.enter(code);
  ok(typeof entry === "object");
  const beganMs = clock.nowMs();
  deepStrictEqual(visits.all, [
    { by: "alice", isReadOnly: false, beganMs, endsMs: beganMs + LOGIN.forMs },
  ]);
  strictEqual((await visits.find(entry.secret))?.by, "alice");
  strictEqual(await visits.find("s".repeat(43)), undefined);
  strictEqual(await visits.enter(code), "wrong");
});

Deno.test("of two who show a code at once, one gets in", async () => {
  const { visits } = new PageBench();
  const code = await visits.issue(LOGIN);
  const entries = await Promise.all([visits.enter(code), visits.enter(code)]);
  strictEqual(entries.filter((each) => each === "wrong").length, 1);
  strictEqual(entries.filter((each) => typeof each === "object").length, 1);
});

Deno.test("a code is good for two minutes", async () => {
  const { visits, clock } = new PageBench();
  const [early, late] = [await visits.issue(LOGIN), await visits.issue(LOGIN)];
  await clock.advance(CODE_MS - 1);
  ok(typeof await visits.enter(early) === "object");
  await clock.advance(1);
  strictEqual(await visits.enter(late), "wrong");
});

Deno.test("codes are tried five times a minute, also the right one", async () => {
  const { visits, clock } = new PageBench();
  const code = await visits.issue(LOGIN);
  for (let tries = 0; tries < 5; tries++) {
    strictEqual(await visits.enter(`${tries}`.repeat(32)), "wrong");
  }
  strictEqual(await visits.enter("6".repeat(32)), "too-often");
  strictEqual(await visits.enter(code), "too-often");
  await clock.advance(12_000);
  ok(typeof await visits.enter(code) === "object");
  strictEqual(await visits.enter("7".repeat(32)), "too-often");
});

Deno.test("a login ends by its time, by whoever is in, and by the command", async () => {
  const { visits, clock } = new PageBench();
  const enter = async (by: string, forMs = 60_000) => {
    const entry = await visits.enter(
      await visits.issue({ ...LOGIN, by, forMs }),
    );
    ok(typeof entry === "object");
    const visit = await visits.find(entry.secret);
    ok(visit !== undefined);
    return { visit, secret: entry.secret };
  };
  const [short, left, bob, carol] = [
    await enter("alice", 1_000),
    await enter("alice"),
    await enter("bob"),
    await enter("carol"),
  ];
  await visits.leave(left.visit);
  strictEqual(visits.holds(left.visit), false);
  strictEqual(await visits.end({ user: "bob" }), 1);
  strictEqual(await visits.find(bob.secret), undefined);
  ok(visits.holds(short.visit));
  await clock.advance(1_000);
  strictEqual(visits.holds(short.visit), false);
  strictEqual(await visits.find(short.secret), undefined);
  ok(visits.holds(carol.visit));
  const waiting = await visits.issue(LOGIN);
  strictEqual(await visits.end({ user: null }), 1);
  await clock.advance(60_000);
  strictEqual(await visits.enter(waiting), "wrong");
});

Deno.test("logins hold over a restart, and what is kept lets nobody in", async () => {
  const bench = new PageBench();
  const entry = await bench.visits.enter(await bench.visits.issue(LOGIN));
  ok(typeof entry === "object");
  const text = VISITS_FORM.encode(bench.store.kept);
  ok(!text.includes(entry.secret));
  deepStrictEqual(VISITS_FORM.decode(text), bench.store.kept);
  const [kept] = bench.store.kept.visits;
  match(kept?.digest ?? "", /^[0-9a-f]{64}$/);
  const again = bench.reopened();
  strictEqual((await again.find(entry.secret))?.by, "alice");
  strictEqual(await again.find(kept?.digest ?? ""), undefined);
});

Deno.test("where a login can't be kept nobody gets in, and where an end can't, it has ended", async () => {
  const bench = new PageBench();
  const entry = await bench.visits.enter(await bench.visits.issue(LOGIN));
  ok(typeof entry === "object");
  bench.store.isFull = true;
  const code = await bench.visits.issue(LOGIN);
  await rejects(bench.visits.enter(code), /can't be kept: disk full/);
  strictEqual(bench.visits.all.length, 1);
  await rejects(bench.visits.end({ user: null }), /can't be kept/);
  strictEqual(await bench.visits.find(entry.secret), undefined);
});
