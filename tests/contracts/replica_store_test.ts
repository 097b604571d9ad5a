import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import type { Ban } from "../../lib/ban/ban.ts";
import type { Epoch } from "../../lib/base/ids.ts";
import type { ReplicaStore } from "../../lib/ban/ban_store.ts";
import {
  replicaPath,
  SqliteReplicaStore,
} from "../../lib/store/io/sqlite_replica_store.ts";
import { MemoryReplicaStore } from "../support/memory/memory_replica_store.ts";
import { quota, replay } from "../support/values/replayed_bans.ts";
import {
  banKey,
  lift,
  NOW_MS,
  report,
  withdraw,
} from "../support/values/stored_changes.ts";
import { TempDir } from "../support/host/temp_dir.ts";
import { copyHoldsWhatChangesLeadTo } from "./store_properties.ts";

/** A store, and what is left of it when its program starts again. */
interface Kept {
  readonly store: ReplicaStore;
  reopen(): ReplicaStore;
}

const EPOCH = "ab".repeat(16) as Epoch;
const IP = banKey("192.0.2.1");
const NET = banKey("2001:db8::/48");
const EMPTY = { epoch: EPOCH, seq: 0, bans: [] };

function bansOf(store: ReplicaStore, nowMs = NOW_MS): readonly Ban[] {
  return quota(store.load()?.bans ?? [], nowMs);
}

/** What every store does. */
const BEHAVIOURS: Readonly<Record<string, (kept: Kept) => void>> = {
  "has no copy at first": ({ store, reopen }) => {
    strictEqual(store.load(), undefined);
    throws(() => store.append([report(1, IP)], NOW_MS), RangeError);
    strictEqual(reopen().load(), undefined);
  },
  "gives a copy back as it was": ({ store, reopen }) => {
    const bans = [
      ...replay([
        report(5, IP, { expiresMs: NOW_MS + 0.25 }),
        report(6, IP, { origin: "db_1.example" }),
        { ...report(7, NET), isPending: true },
      ], new Map()).values(),
    ];
    store.replace({ epoch: EPOCH, seq: 9, bans });
    const { epoch, seq } = reopen().load() ?? EMPTY;
    deepStrictEqual([epoch, seq], [EPOCH, 9]);
    deepStrictEqual(bansOf(reopen()), quota(bans, NOW_MS));
  },
  "takes changes that go on, and keeps the order of reports": (
    { store, reopen },
  ) => {
    const before = [report(1, IP, { origin: "z" }), report(2, IP)];
    const bans = [...replay(before, new Map()).values()];
    store.replace({ epoch: EPOCH, seq: 2, bans });
    const changes = [
      report(3, IP, { origin: "a" }),
      report(4, NET),
      withdraw(5, IP),
      lift(6, NET),
    ];
    store.append(changes, NOW_MS);
    store.append([], NOW_MS);
    const all = replay([...before, ...changes], new Map()).values();
    const again = reopen();
    strictEqual(again.load()?.seq, 6);
    deepStrictEqual(bansOf(again), quota(all, NOW_MS));
  },
  "takes all changes or none: gaps": ({ store, reopen }) => {
    store.replace(EMPTY);
    store.append([report(1, IP)], NOW_MS);
    const before = bansOf(store);
    for (const wrong of [[2, 4], [2, 2], [3], [1]]) {
      const changes = wrong.map((seq) => report(seq, NET));
      throws(() => store.append(changes, NOW_MS), RangeError, `${wrong}`);
    }
    const again = reopen();
    strictEqual(again.load()?.seq, 1);
    deepStrictEqual(bansOf(again), before);
  },
  "replaces everything, the epoch too": ({ store, reopen }) => {
    store.replace(EMPTY);
    store.append([report(1, IP), report(2, NET)], NOW_MS);
    const bans = [...replay([report(1, NET)], new Map()).values()];
    const epoch = "cd".repeat(16) as Epoch;
    store.replace({ epoch, seq: 1, bans });
    const again = reopen();
    deepStrictEqual(again.load(), { epoch, seq: 1, bans });
  },
  "forgets what is over while it goes on": ({ store }) => {
    store.replace(EMPTY);
    store.append([report(1, IP, { expiresMs: NOW_MS + 5 })], NOW_MS);
    store.append([report(2, NET)], NOW_MS + 5);
    strictEqual(store.load()?.bans.length, 1);
  },
};

for (const [behaviour, show] of Object.entries(BEHAVIOURS)) {
  Deno.test(`MemoryReplicaStore ${behaviour}`, () => {
    const store = new MemoryReplicaStore();
    show({ store, reopen: () => store });
  });

  Deno.test(`SqliteReplicaStore ${behaviour}`, async () => {
    await using dir = await TempDir.create();
    const path = replicaPath(dir.path());
    let store = SqliteReplicaStore.open(path);
    try {
      show({
        store,
        reopen: () => {
          store[Symbol.dispose]();
          return store = SqliteReplicaStore.open(path);
        },
      });
      strictEqual(store.quarantine, undefined);
    } finally {
      store[Symbol.dispose]();
    }
  });
}

Deno.test("SqliteReplicaStore's bans are those that its changes lead to, whatever happened, and whenever it was opened again", () =>
  copyHoldsWhatChangesLeadTo(10));
