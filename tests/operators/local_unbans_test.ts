import { deepStrictEqual, strictEqual } from "node:assert/strict";
import type { SessionId } from "../../lib/base/ids.ts";
import { LocalUnbans } from "../../lib/operators/local_unbans.ts";
import type { PublisherMessage } from "../../lib/wire/v2_messages.ts";
import { address, host, jail } from "../support/values/core_values.ts";
import { ManualClock, settled } from "../support/memory/manual_clock.ts";

const KEY = { jail: jail("sshd"), address: address("203.0.113.7") };
const [MONITOR, SUBSCRIBER] = ["1", "2"].map((digit) =>
  digit.repeat(32) as SessionId
);
const { signal } = new AbortController();

class Bench {
  readonly clock = new ManualClock();
  readonly said: PublisherMessage[] = [];
  sessions: readonly (SessionId | undefined)[] = [MONITOR, SUBSCRIBER];
  readonly unbans = new LocalUnbans({
    clock: this.clock,
    say: (_, message) => {
      this.said.push(message);
      return this.sessions.flatMap((each) => each ?? []);
    },
  });

  ask() {
    return this.unbans.ask(host("web1"), KEY, 3_000, signal);
  }

  answer(
    session: SessionId | undefined,
    outcome: "lifted" | "absent" | "off" | "failed",
    order = 1,
  ): void {
    if (session === undefined) return;
    const detail = outcome === "failed" ? "why" : "";
    this.unbans.note({ kind: "UNBANNED", session, order, outcome, detail });
  }
}

Deno.test("ask() has each program of a node asked, and is over once one has lifted the ban", async () => {
  const bench = new Bench();
  const asking = bench.ask();
  deepStrictEqual(bench.said, [{ kind: "UNBAN", order: 1, ...KEY }]);
  bench.answer(SUBSCRIBER, "lifted");
  deepStrictEqual(await asking, { outcome: "lifted", detail: "" });
});

Deno.test("ask() gives the answer that says most, once all programs have answered", async () => {
  const bench = new Bench();
  const asking = bench.ask();
  bench.answer(SUBSCRIBER, "failed");
  // Another's session, a second answer and another order count for nothing.
  bench.answer("3".repeat(32) as SessionId, "lifted");
  bench.answer(SUBSCRIBER, "lifted");
  bench.answer(MONITOR, "lifted", 2);
  await settled();
  bench.answer(MONITOR, "off");
  deepStrictEqual(await asking, { outcome: "failed", detail: "why" });
});

Deno.test("ask() tells of who is not connected, and of who does not answer in time", async () => {
  const bench = new Bench();
  bench.sessions = [];
  strictEqual((await bench.ask()).outcome, "away");
  bench.sessions = [MONITOR];
  const asking = bench.ask();
  await bench.clock.advance(3_000);
  strictEqual((await asking).outcome, "silent");
  bench.answer(MONITOR, "lifted", 2);
});
