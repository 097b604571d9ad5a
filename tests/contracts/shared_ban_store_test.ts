import { ok } from "node:assert/strict";
import { LogFollower } from "../../lib/engine/log_follower.ts";
import { SharedBanStore } from "../../lib/engine/shared_ban_store.ts";
import {
  banStorePath,
  SqliteBanStore,
} from "../../lib/store/io/sqlite_ban_store.ts";
import { ManualClock } from "../support/memory/manual_clock.ts";
import { MemorySharedLog } from "../support/memory/memory_shared_log.ts";
import { TempDir } from "../support/host/temp_dir.ts";
import { BAN_STORE_BEHAVIOURS } from "./ban_store_contract.ts";
import { IMPORT_BEHAVIOURS } from "./ban_store_imports.ts";
import { RECEIPT_BEHAVIOURS } from "./ban_store_receipts.ts";
import { RECORD_BEHAVIOURS } from "./ban_store_records.ts";

const BEHAVIOURS = {
  ...BAN_STORE_BEHAVIOURS,
  ...RECEIPT_BEHAVIOURS,
  ...RECORD_BEHAVIOURS,
  ...IMPORT_BEHAVIOURS,
};
const { signal } = new AbortController();

/** A host's copy, and the store over it. */
class SharedHost implements Disposable {
  readonly #path: string;
  readonly #log: MemorySharedLog;
  #copy: SqliteBanStore;
  #ids = 0;

  constructor(path: string, log: MemorySharedLog) {
    this.#path = path;
    this.#log = log;
    this.#copy = SqliteBanStore.open({ path, isCopy: true });
  }

  get copy(): SqliteBanStore {
    return this.#copy;
  }

  async follow(): Promise<void> {
    const newId = () => `begun-by-${this.#path}`;
    const follower = new LogFollower({
      ...{ log: this.#log, copy: this.#copy, newId },
    });
    const { view } = this.#log.server;
    if (view === undefined) await follower.begin(signal);
    else await follower.catchUp(view, signal);
  }

  store(): SharedBanStore {
    const { versions: seen } = this.#log.server;
    return new SharedBanStore({
      ...{ log: this.#log, copy: this.#copy, seen: { ...seen } },
      ...{ signal, clock: new ManualClock(), onLost: () => {} },
      newId: () => `record-${++this.#ids}-${crypto.randomUUID()}`,
    });
  }

  reopen(): SharedBanStore {
    this.#copy[Symbol.dispose]();
    this.#copy = SqliteBanStore.open({ path: this.#path, isCopy: true });
    return this.store();
  }

  [Symbol.dispose](): void {
    this.#copy[Symbol.dispose]();
  }
}

for (const [behaviour, show] of Object.entries(BEHAVIOURS)) {
  Deno.test(`SharedBanStore ${behaviour}, and a second host has the same`, async () => {
    await using dir = await TempDir.create();
    const log = new MemorySharedLog();
    using one = new SharedHost(banStorePath(dir.path()), log);
    using two = new SharedHost(dir.path("two.sqlite3"), log);
    await one.follow();
    await show({ store: one.store(), reopen: () => one.reopen() });
    await two.follow();
    const since = Math.max(one.copy.keptSince, two.copy.keptSince);
    const left = contentsOf(two.copy, since);
    const right = contentsOf(one.copy, since);
    // What differs of thousands of changes nobody could read.
    ok(JSON.stringify(left) === JSON.stringify(right));
  });
}

/** All that the log brings to each host; of the changes those that neither forgets here. */
function contentsOf(copy: SqliteBanStore, since: number) {
  const { seq, epoch, applied, records, imports } = copy;
  return {
    ...{ seq, epoch, applied },
    changes: copy.since(since, seq),
    audit: records.audit(1_000),
    quarantines: records.quarantines(),
    imports: imports.all(),
  };
}
