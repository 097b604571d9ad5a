import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import type { Welcome } from "../../lib/client/session.ts";
import { KnownPublisher } from "../../lib/client/known_publisher.ts";
import type { Epoch, SessionId } from "../../lib/base/ids.ts";
import { ManualClock } from "../support/memory/manual_clock.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";

function welcome(nowMs: number): Welcome {
  return {
    kind: "WELCOME",
    session: "0".repeat(32) as SessionId,
    speaks: 1,
    epoch: "e".repeat(32) as Epoch,
    seq: 0,
    limits: { maxEvents: 1, maxReceipts: 1 },
    revision: 0,
    ignore: [],
    publisher: { version: "9.8.7", nowMs },
  };
}

Deno.test("KnownPublisher tells by how much this host's clock is ahead, also once it is set", async () => {
  const clock = new ManualClock();
  const known = new KnownPublisher(clock, new MemoryLog());
  const ahead = () => known.figures(3, undefined).clockAheadSeconds;
  strictEqual(ahead(), "unknown");
  known.noteWelcome(welcome(clock.nowMs() - 10_802_000));
  strictEqual(ahead(), 10_802);
  await clock.advance(60_000);
  strictEqual(ahead(), 10_802);
  clock.step(-10_802_000);
  strictEqual(ahead(), 0);
});

Deno.test("KnownPublisher tells the version, the allowlist and what is wrong", () => {
  const known = new KnownPublisher(new ManualClock(), new MemoryLog());
  deepStrictEqual(known.figures(undefined, undefined), {
    publisherVersion: "unknown",
    clockAheadSeconds: "unknown",
    allowlistRevision: "unknown",
    publisherTrouble: "none",
    publisherHint: "none",
  });
  known.noteWelcome(welcome(0));
  const figures = known.figures(3, { reason: "it is busy", hint: undefined });
  strictEqual(figures.publisherVersion, "9.8.7");
  strictEqual(figures.allowlistRevision, 3);
  match(figures.publisherTrouble, /busy/);
});
