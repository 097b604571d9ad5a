/**
 * Growth of the engine's data: the active publisher's store, and the snapshots
 * beside its log, with three etcd members, but without other programs.
 *
 * @module
 */

import { newSessionId } from "../lib/base/io/session_id.ts";
import { SystemClock } from "../lib/async/io/system_clock.ts";
import { EtcdLog } from "../lib/engine/etcd_log.ts";
import { EtcdSnapshots } from "../lib/engine/etcd_snapshots.ts";
import { LeadKeeper } from "../lib/engine/lead_keeper.ts";
import type { SharedBanStore } from "../lib/engine/shared_ban_store.ts";
import {
  banStorePath,
  SqliteBanStore,
} from "../lib/store/io/sqlite_ban_store.ts";
import { imagesOf } from "../roles/program/shared_image.ts";
import { MemoryLog } from "../tests/support/memory/memory_log.ts";
import { clientOf, engineBytes, PREFIX, startEtcd } from "./engine_setup.ts";
import type { Outcome } from "./figure.ts";
import { printTable } from "./figures.ts";
import { entryAt } from "./protocol2_setup.ts";
import { IS_SHORT, sized } from "./size.ts";

const CHANGES = sized(2_000_000, 2_000);
/** Batch size of a busy publisher. */
const AT_ONCE = 500;
const BOUND_BYTES = 600e6;

async function appendAll(store: SharedBanStore): Promise<number> {
  const startMs = performance.now();
  for (let from = 0; from < CHANGES; from += AT_ONCE) {
    const nowMs = Date.now();
    const entries = Array.from(
      { length: AT_ONCE },
      (_, at) => entryAt(from + at, nowMs),
    );
    await store.append(entries, nowMs);
  }
  return (performance.now() - startMs) / 1_000;
}

/**
 * Runs an active publisher until all is appended. @returns The duration in
 * seconds.
 */
async function fill(
  options: Pick<
    ConstructorParameters<typeof LeadKeeper>[0],
    "log" | "copy" | "snapshots"
  >,
): Promise<number> {
  const stop = new AbortController();
  const keeper = new LeadKeeper({
    ...{ ...options, clock: new SystemClock(), records: new MemoryLog() },
    ...{ name: "hub", settings: "", keepHistoryMs: 86_400_000 },
    ...{ newId: newSessionId, chance: Math.random },
  });
  let seconds = NaN;
  await keeper.run(stop.signal, async ({ store }) => {
    seconds = await appendAll(store);
    stop.abort(new Error("all is appended"));
  });
  return seconds;
}

/** Measures and prints. @returns The figure. */
export async function growthFigures(): Promise<readonly Outcome[]> {
  const folder = await Deno.makeTempDir({ prefix: "f2bc_" });
  try {
    await using etcd = await startEtcd();
    using client = clientOf(etcd);
    const path = banStorePath(folder);
    using copy = SqliteBanStore.open({
      ...{ path, durability: "process", isCopy: true },
    });
    const shared = new EtcdSnapshots(client, PREFIX);
    const seconds = await fill({
      ...{ log: new EtcdLog(client, PREFIX), copy },
      snapshots: { shared, takeImage: imagesOf(path) },
    });
    return tell(seconds, await engineBytes(etcd));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function tell(seconds: number, bytes: number): readonly Outcome[] {
  printTable(`three etcd, ${CHANGES} changes in steps of ${AT_ONCE}`, [
    ["appended", `${Math.round(CHANGES / seconds)} changes/s`],
    ["etcd's data, nothing compacted yet", `${(bytes / 1e6).toFixed(0)} MB`],
  ]);
  const what = `several publishers: etcd's data after ${CHANGES} changes`;
  if (IS_SHORT) return [{ what, why: "it takes 2,000,000 changes" }];
  return [{
    what,
    ...{ ours: bytes / 1e6, limit: BOUND_BYTES / 1e6, unit: "MB", goal: 1 },
    limitIs: "a bound",
  }];
}

if (import.meta.main) await growthFigures();
