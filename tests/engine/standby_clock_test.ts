import { strictEqual } from "node:assert/strict";
import type { LogView } from "../../lib/engine/shared_log.ts";
import { StandbyClock } from "../../lib/engine/standby_clock.ts";
import { ManualClock } from "../support/memory/manual_clock.ts";
import { MemoryCopyStore } from "../support/memory/memory_copy_store.ts";

const BEAT_MS = 400;
/** So far the active publisher's clock is behind this host's. */
const HOUR_MS = 3_600_000;

function begin() {
  const clock = new ManualClock();
  const copy = new MemoryCopyStore("a".repeat(32));
  const standby = new StandbyClock({ clock, copy });
  let version = 0;
  /** A beat comes that was so long on its way. */
  const beat = async (lateMs: number, term = 1) => {
    await clock.advance(BEAT_MS);
    const storeMs = clock.nowMs() - HOUR_MS - lateMs;
    const view = {
      beat: { storeMs, settings: "" },
      lead: { term, holder: "hub1" },
      versions: { head: 1, lead: 1, beat: ++version },
    } as LogView;
    await standby.note(view, clock.monotonicMs());
  };
  const behindMs = () => clock.nowMs() - HOUR_MS - standby.nowMs();
  return { clock, copy, standby, beat, behindMs };
}

Deno.test("a standby goes by the beat that came soonest, not by the last one: what a look or a copy took is no time that did not pass", async () => {
  const { beat, behindMs, standby } = begin();
  await beat(0);
  strictEqual(standby.isFollowed, false);
  for (const lateMs of [250, 90, 5_000, 300]) await beat(lateMs);
  strictEqual(behindMs(), 90);
});

Deno.test("a standby believes a beat for a minute, and that of another active publisher at once", async () => {
  const { clock, beat, behindMs } = begin();
  for (const lateMs of [0, 10, 200]) await beat(lateMs);
  strictEqual(behindMs(), 10);
  await clock.advance(60_000);
  for (const lateMs of [60_000, 200]) await beat(lateMs);
  strictEqual(behindMs(), 200);
  await beat(700, 2);
  strictEqual(behindMs(), 700);
});

Deno.test("a beat that came while the log did not answer tells nobody that no time passed meanwhile", async () => {
  const { clock, beat, behindMs } = begin();
  for (const lateMs of [0, 10]) await beat(lateMs);
  await clock.advance(600_000);
  await beat(600_000);
  strictEqual(behindMs(), 10);
  await clock.advance(600_000);
  await beat(600_000, 2);
  strictEqual(behindMs(), 10);
  // Less late than what is known it tells something all the same.
  await clock.advance(600_000);
  await beat(5, 2);
  strictEqual(behindMs(), 5);
});

Deno.test("a standby keeps how far its own clock is ahead, for when it takes over", async () => {
  const { beat, copy } = begin();
  await beat(0);
  await beat(20);
  strictEqual(copy.time?.aheadMs, HOUR_MS + 20);
});
