import { NO_GROWTH } from "../../../lib/ban/ban_growth.ts";
import { enforcing } from "../../support/values/enforcing_nodes.ts";
import { ok, strictEqual } from "node:assert/strict";
import { SharedTurns } from "../../../lib/async/shared_turns.ts";
import { SystemClock } from "../../../lib/async/io/system_clock.ts";
import { WhyService } from "../../../lib/operators/why_service.ts";
import {
  banStorePath,
  SqliteBanStore,
} from "../../../lib/store/io/sqlite_ban_store.ts";
import { report } from "../../support/bench/tally.ts";
import { host } from "../../support/values/core_values.ts";
import { TempDir } from "../../support/host/temp_dir.ts";
import { filledKey, fillStore } from "../../support/store/filled_store.ts";

const DAY_MS = 86_400_000;
const ASKED = 200;
/** So many times as long as with a hundredth of the bans; an index takes about as long. */
const MAX_TIMES = 8;
/** Less than this is of no matter, in milliseconds. */
const MIN_USUAL_MS = 5;

/** How long the answers of a publisher with so many bans take, in milliseconds. */
async function whyTimes(bans: number): Promise<readonly number[]> {
  await using dir = await TempDir.create();
  await fillStore(dir.path(), {
    ...{ bans, times: 2, spanMs: 30 * DAY_MS },
    nodes: ["node-a"],
  });
  using store = SqliteBanStore.open({ path: banStorePath(dir.path()) });
  const clock = new SystemClock();
  const { table } = store;
  strictEqual(table.size, bans);
  const service = new WhyService({
    hub: { table },
    store,
    records: store.records,
    nodes: { enforcing: () => [enforcing("node-a")] },
    protection: () => ({ minPrefix4Bits: 24, minPrefix6Bits: 48 }),
    noteOf: () => "",
    hostName: host("hub"),
    keepHistoryMs: 30 * DAY_MS,
    widenedOf: () => undefined,
    growthOf: NO_GROWTH,
    nowMs: () => clock.nowMs(),
    aheadMs: () => 0,
    turns: new SharedTurns({ clock }),
  });
  const { signal } = new AbortController();
  const times: number[] = [];
  for (let at = 0; at < ASKED; at++) {
    const { address } = filledKey(Math.floor(at * bans / ASKED));
    const startMs = performance.now();
    const why = await service.why(address, signal);
    times.push(performance.now() - startMs);
    strictEqual(why.bans.length, 1);
    strictEqual(why.bans[0]?.enforcement[0]?.state, "applied");
    strictEqual(why.times, 1);
  }
  return times.sort((left, right) => left - right);
}

Deno.test("why takes no longer with 1,000,000 bans and 30 days of history than with 10,000", async () => {
  const at = (times: readonly number[], part: number) =>
    Math.round(10 * (times[Math.floor(times.length * part)] ?? NaN)) / 10;
  const small = await whyTimes(10_000);
  const large = await whyTimes(1_000_000);
  report("why with 10,000 bans", {
    p50Ms: at(small, 0.5),
    p95Ms: at(small, 0.95),
  });
  report("why with 1,000,000 bans", {
    p50Ms: at(large, 0.5),
    p95Ms: at(large, 0.95),
  });
  const limitMs = MAX_TIMES * Math.max(MIN_USUAL_MS, at(small, 0.5));
  ok(at(large, 0.5) < limitMs, `${at(large, 0.5)} ms, not ${limitMs}`);
});
