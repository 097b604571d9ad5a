/**
 * A publisher's store on a disk that becomes full, and then has room again.
 * Prints the results as JSON.
 *
 * Arguments: a folder on a small disk.
 *
 * @module
 */

import { RuntimeError } from "../../../../lib/base/errors.ts";
import {
  banStorePath,
  SqliteBanStore,
} from "../../../../lib/store/io/sqlite_ban_store.ts";
import { eventName, reports } from "../../values/stored_changes.ts";

/** The results. */
export interface FullDiskOutcome {
  /** Errors of the batches refused while the disk was full. */
  readonly refusals: readonly string[];
  readonly hint: string | undefined;
  /** Sequence numbers before and after the refusals, and after reopening. */
  readonly seqs: readonly number[];
  /** Numbers of changes at those times. */
  readonly changes: readonly number[];
  /** Whether it knew an event of a refused batch. */
  readonly knowsRefused: boolean;
  /** Sequence number and counts after there was room again. */
  readonly afterwards: readonly [seq: number, changes: number, bans: number];
}

const BALLAST_BYTES = 300_000;
const BATCH = 50;
const REFUSALS = 3;

async function append(store: SqliteBanStore): Promise<void> {
  const entries = reports(BATCH, store.seq + 1).map((change) => ({
    event: eventName(`event-${change.seq}`),
    change,
  }));
  await store.append(entries, Date.now());
}

async function run(dir: string): Promise<FullDiskOutcome> {
  const path = banStorePath(dir);
  const ballast = `${dir}/ballast`;
  await Deno.writeFile(ballast, new Uint8Array(BALLAST_BYTES));
  const refusals: string[] = [];
  const seqs: number[] = [];
  const changes: number[] = [];
  let hint: string | undefined;
  const look = (store: SqliteBanStore) => {
    seqs.push(store.seq);
    changes.push(store.since(0, Infinity).length);
  };
  {
    using store = SqliteBanStore.open({ path });
    while (refusals.length < REFUSALS) {
      try {
        await append(store);
        if (refusals.length > 0) throw new Error("kept after a refusal");
      } catch (error) {
        if (!(error instanceof RuntimeError)) throw error;
        if (refusals.length === 0) look(store);
        refusals.push(error.message);
        hint = error.hint;
      }
    }
    look(store);
  }
  using store = SqliteBanStore.open({ path });
  look(store);
  const { origin, id } = eventName(`event-${store.seq + 1}`);
  const knowsRefused = store.hasEvent(origin, id);
  await Deno.remove(ballast);
  await append(store);
  const bans = [...store.table.bans()].length;
  const afterwards = [
    store.seq,
    store.since(0, Infinity).length,
    bans,
  ] as const;
  return { refusals, hint, seqs, changes, knowsRefused, afterwards };
}

if (import.meta.main) {
  const outcome = await run(Deno.args[0] ?? "");
  Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(outcome)));
}
