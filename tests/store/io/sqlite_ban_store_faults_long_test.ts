import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import {
  banStorePath,
  SqliteBanStore,
} from "../../../lib/store/io/sqlite_ban_store.ts";
import { ChildProcess } from "../../support/host/child_process.ts";
import { quota, replay } from "../../support/values/replayed_bans.ts";
import { eventName, NOW_MS } from "../../support/values/stored_changes.ts";
import { report as tell } from "../../support/bench/tally.ts";
import { TempDir } from "../../support/host/temp_dir.ts";

const KILLS = 50;
const SEED = 20_261_125;
/** A child is killed within so many milliseconds after its first batch. */
const KILL_WITHIN_MS = 60;

/** Lets a child append, kills it, and says the last number that it was told. */
async function appendAndKill(path: string, chance: number): Promise<number> {
  const script = new URL(
    "../../support/store/programs/appender.ts",
    import.meta.url,
  );
  const durability = chance % 2 === 0 ? "power" : "process";
  await using child = new ChildProcess({
    command: Deno.execPath(),
    args: [
      ...[
        "run",
        "--no-prompt",
        "--no-check",
        "-A",
        decodeURIComponent(script.pathname),
      ],
      ...[path, durability, `${1 + chance % 100_000}`],
    ],
  });
  await child.waitForLine(/^\d+$/);
  await new Promise((resolve) => setTimeout(resolve, chance % KILL_WITHIN_MS));
  const { signal } = await child.end("SIGKILL");
  strictEqual(signal, "SIGKILL", child.stderr.join("\n"));
  return Number(child.stdout.at(-1));
}

/** Whether a snapshot was begun, and is not whole. */
function hasPartsOfNoSnapshot(path: string): boolean {
  using database = new DatabaseSync(path, { readOnly: true });
  return database.prepare(`
    SELECT 1 FROM snapshot_parts WHERE id >=
      (SELECT coalesce(max(first_part + parts), 1) FROM snapshots)`)
    .get() !== undefined;
}

Deno.test(`SqliteBanStore has every acknowledged change after ${KILLS} times kill -9 under load (case 3)`, async () => {
  await using dir = await TempDir.create();
  const path = banStorePath(dir.path());
  let chance = SEED;
  let unacknowledged = 0;
  let cutOff = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    chance = Math.imul(chance, 48_271) >>> 0;
    const acknowledged = await appendAndKill(path, chance);
    cutOff += Number(hasPartsOfNoSnapshot(path));
    using store = SqliteBanStore.open({ path });
    strictEqual(store.damage, undefined);
    ok(store.seq >= acknowledged, `${store.seq} < ${acknowledged}, ${kill}`);
    unacknowledged += store.seq - acknowledged;
  }
  using store = SqliteBanStore.open({ path });
  const changes = store.since(0, Infinity);
  strictEqual(changes.length, store.seq);
  for (const { seq } of changes) {
    const { origin, id } = eventName(`event-${seq}`);
    ok(store.hasEvent(origin, id), `event of change ${seq}`);
  }
  deepStrictEqual(
    quota(store.table.bans(), NOW_MS),
    quota(replay(changes, new Map()).values(), NOW_MS),
  );
  tell("kill -9 under load", {
    seed: SEED,
    kills: KILLS,
    kept: store.seq,
    unacknowledged,
    cutOff,
  });
  ok(cutOff > 0, "no snapshot was cut off");
});
