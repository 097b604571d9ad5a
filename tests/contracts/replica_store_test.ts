import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import type { Ban } from "../../lib/ban/ban.ts";
import { BanBlock } from "../../lib/ban/ban_block.ts";
import type { Epoch } from "../../lib/base/ids.ts";
import type { ReplicaStore } from "../../lib/ban/ban_store.ts";
import {
  replicaPath,
  SqliteReplicaStore,
} from "../../lib/store/io/sqlite_replica_store.ts";
import { MemoryReplicaStore } from "../support/memory/memory_replica_store.ts";
import {
  bansOf as bansOfColumns,
  columnsOf,
} from "../../lib/ban/ban_columns.ts";
import { shiftedColumns } from "../../lib/ban/shifted_times.ts";
import {
  bansIn,
  seqOf,
  storeWhole,
} from "../support/values/stored_replicas.ts";
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
const MARK = { epoch: EPOCH, seq: 0 };

function bansOf(store: ReplicaStore, nowMs = NOW_MS): readonly Ban[] {
  return quota(bansIn(store.load()), nowMs);
}

/** What every store does. */
const BEHAVIOURS: Readonly<Record<string, (kept: Kept) => void>> = {
  "has no copy at first": ({ store, reopen }) => {
    strictEqual(store.load(), undefined);
    throws(() => store.append([report(1, IP)]), RangeError);
    throws(() => store.stage(BanBlock.of([]), 0), RangeError);
    throws(() => store.commit(), RangeError);
    strictEqual(reopen().load(), undefined);
  },
  "gives a copy back as it was, in its own time": ({ store, reopen }) => {
    const bans = [
      ...replay([
        report(5, IP, { expiresMs: NOW_MS + 0.25 }),
        report(6, IP, { origin: "db_1.example" }),
        { ...report(7, NET), isPending: true },
      ], new Map()).values(),
    ];
    store.begin({ epoch: EPOCH, seq: 9 });
    for (const ban of bans) store.stage(BanBlock.of([ban]), 0.5);
    store.commit();
    const again = reopen();
    const { epoch, seq } = again.load() ?? MARK;
    deepStrictEqual([epoch, seq], [EPOCH, 9]);
    const later = [...bansOfColumns(shiftedColumns(columnsOf(bans), 0.5))];
    deepStrictEqual(bansOf(again), quota(later, NOW_MS));
  },
  "takes changes that go on, and keeps the order of reports": (
    { store, reopen },
  ) => {
    const before = [report(1, IP, { origin: "z" }), report(2, IP)];
    const bans = [...replay(before, new Map()).values()];
    storeWhole(store, { epoch: EPOCH, seq: 2 }, bans);
    const changes = [
      report(3, IP, { origin: "a" }),
      { ...report(4, NET), isPending: true },
      withdraw(5, IP),
      lift(6, NET),
    ];
    store.append(changes.slice(0, 1));
    store.append([]);
    store.append(changes.slice(1));
    const all = replay([...before, ...changes], new Map()).values();
    const again = reopen();
    deepStrictEqual(again.load()?.changes, changes);
    strictEqual(seqOf(again.load()), 6);
    deepStrictEqual(bansOf(again), quota(all, NOW_MS));
  },
  "takes all changes or none: gaps": ({ store, reopen }) => {
    storeWhole(store, MARK, []);
    store.append([report(1, IP)]);
    const before = bansOf(store);
    for (const wrong of [[2, 4], [2, 2], [3], [1]]) {
      const changes = wrong.map((seq) => report(seq, NET));
      throws(() => store.append(changes), RangeError, `${wrong}`);
    }
    const again = reopen();
    strictEqual(seqOf(again.load()), 1);
    deepStrictEqual(bansOf(again), before);
  },
  "replaces everything, the epoch too": ({ store, reopen }) => {
    storeWhole(store, MARK, []);
    store.append([report(1, IP), report(2, NET)]);
    const bans = [...replay([report(1, NET)], new Map()).values()];
    const epoch = "cd".repeat(16) as Epoch;
    storeWhole(store, { epoch, seq: 1 }, bans);
    const again = reopen();
    const { changes, ...mark } = again.load() ?? { ...MARK, changes: [] };
    deepStrictEqual([mark.epoch, mark.seq, changes], [epoch, 1, []]);
    deepStrictEqual(bansOf(again), bans);
  },
  "has the copy that is whole until the one that was begun is": (
    { store, reopen },
  ) => {
    const [first] = replay([report(1, IP)], new Map()).values();
    const [second] = replay([report(2, NET)], new Map()).values();
    ok(first && second);
    storeWhole(store, { epoch: EPOCH, seq: 1 }, [first]);
    store.begin({ epoch: EPOCH, seq: 2 });
    store.stage(BanBlock.of([second]), 0);
    deepStrictEqual(bansOf(store), [first]);
    store.append([report(2, NET)]);
    strictEqual(seqOf(reopen().load()), 2);
  },
  "takes changes into both while another is begun, and drops what was begun before":
    (
      { store, reopen },
    ) => {
      storeWhole(store, MARK, []);
      store.begin({ epoch: EPOCH, seq: 77 });
      store.begin(MARK);
      store.append([report(1, IP)]);
      store.stage(BanBlock.of([]), 0);
      store.append([report(2, NET)]);
      strictEqual(seqOf(store.load()), 2);
      const again = reopen();
      storeWhole(again, { epoch: EPOCH, seq: 2 }, bansOf(again));
      again.append([report(3, IP, { origin: "a" })]);
      deepStrictEqual(again.load()?.changes.length, 1);
    },
  "takes changes that follow only the one that was begun": (
    { store, reopen },
  ) => {
    storeWhole(store, MARK, []);
    store.begin({ epoch: EPOCH, seq: 5 });
    store.append([report(6, IP)]);
    store.stage(BanBlock.of([]), 0);
    store.commit();
    strictEqual(seqOf(reopen().load()), 6);
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
