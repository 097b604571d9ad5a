/**
 * What every publisher's store does, in memory and real.
 *
 * @module
 */

import {
  deepStrictEqual,
  ok,
  rejects,
  strictEqual,
  throws,
} from "node:assert/strict";
import type { Ban, Change } from "../../lib/ban/ban.ts";
import type { BanStore } from "../../lib/ban/ban_store.ts";
import { host } from "../support/values/core_values.ts";
import { quota, replay } from "../support/values/replayed_bans.ts";
import {
  banKey,
  banKeyAt,
  eventName,
  lift,
  NOW_MS,
  receipt,
  report,
  reports,
  unnamed,
  withdraw,
} from "../support/values/stored_changes.ts";

/** A store, and what is left of it when its program starts again. */
export interface KeptStore {
  readonly store: BanStore;
  reopen(): BanStore;
}

const IP = banKey("192.0.2.1");
const NET = banKey("2001:db8::/48", "nginx-http-auth");
const DAY_MS = 86_400_000;

/** The bans of a store that stand after a time. */
export function bansOf(store: BanStore, nowMs = NOW_MS): Ban[] {
  return quota(store.table.bans(), nowMs);
}

/** Forgets all that is older. @returns In how many steps. */
export async function pruneAll(
  store: BanStore,
  beforeMs: number,
  nowMs = NOW_MS,
): Promise<number> {
  let steps = 1;
  while (await store.prune(beforeMs, nowMs)) steps++;
  return steps;
}

/** What every store does. */
export const BAN_STORE_BEHAVIOURS: Readonly<
  Record<string, (kept: KeptStore) => Promise<void>>
> = {
  "is empty at first, and keeps its epoch": async ({ store, reopen }) => {
    ok(/^[0-9a-f]{32}$/.test(store.epoch), store.epoch);
    deepStrictEqual([store.seq, store.keptSince], [0, 0]);
    deepStrictEqual(bansOf(store), []);
    deepStrictEqual(store.since(0, 10), []);
    deepStrictEqual(store.history(IP, 10), []);
    deepStrictEqual(store.receipts(IP), []);
    await store.append([], NOW_MS);
    const { epoch } = store;
    const again = reopen();
    deepStrictEqual([again.epoch, again.seq], [epoch, 0]);
  },
  "keeps how its clock stands to the system's": async ({ store, reopen }) => {
    strictEqual(store.time, undefined);
    await store.keepTime({ aheadMs: 0, seenMs: NOW_MS });
    const time = { aheadMs: -3_600_000.5, seenMs: NOW_MS + 60_000 };
    await store.keepTime(time);
    deepStrictEqual(store.time, time);
    deepStrictEqual(reopen().time, time);
  },
  "knows the jails of an address, also of a ban that is history only": async (
    { store, reopen },
  ) => {
    const other = banKey("192.0.2.1", "nginx");
    const changes = [
      report(1, IP),
      report(2, other),
      report(3, NET),
      lift(4, other),
    ];
    await store.append(changes.map(unnamed), NOW_MS);
    let known = store;
    for (const open of [() => store, reopen]) {
      known = open();
      deepStrictEqual(known.jailsOf(IP.address), ["nginx", "sshd"]);
      deepStrictEqual(known.jailsOf(NET.address), [NET.jail]);
      deepStrictEqual(known.jailsOf(banKey("192.0.2.2").address), []);
    }
    await pruneAll(known, NOW_MS + DAY_MS);
    deepStrictEqual(known.jailsOf(IP.address), ["sshd"]);
  },

  "remembers when an operator lifted a ban, the last time, and nobody else's lifts":
    async ({ store, reopen }) => {
      const DAYS_400_MS = 400 * DAY_MS;
      const by = host("operator");
      const changes: Change[] = [
        report(1, IP),
        { ...lift(2, IP), kind: "lift", by },
        report(3, IP),
        { ...lift(4, IP), kind: "lift", by },
        report(5, NET),
        lift(6, NET),
      ];
      strictEqual(store.liftedMs(IP), undefined);
      await store.append(changes.map(unnamed), NOW_MS);
      let known = store;
      for (const open of [() => store, reopen]) {
        known = open();
        strictEqual(known.liftedMs(IP), NOW_MS + 4);
        strictEqual(known.liftedMs(NET), undefined);
      }
      await pruneAll(known, NOW_MS, NOW_MS + DAYS_400_MS);
      strictEqual(known.liftedMs(IP), NOW_MS + 4);
      await pruneAll(known, NOW_MS, NOW_MS + DAYS_400_MS + DAY_MS);
      strictEqual(known.liftedMs(IP), undefined);
    },

  "gives changes, bans, events and receipts back as they were": async (
    { store, reopen },
  ) => {
    const changes = [
      report(1, IP, { expiresMs: NOW_MS + 0.25 }),
      report(2, NET),
      report(3, IP, { origin: "db_1.example", expiresMs: NOW_MS + 60_000 }),
      { ...report(4, IP, { expiresMs: NOW_MS + 90_000 }), isPending: true },
      withdraw(5, NET, "web-2"),
      lift(6, banKey("198.51.100.7")),
    ];
    await store.append(
      changes.map((change) => ({ event: eventName(`e${change.seq}`), change })),
      NOW_MS,
    );
    await store.keepReceipts([
      receipt(IP, { outcome: "failed", detail: "a|b" }),
    ]);
    const again = reopen();
    strictEqual(again.seq, 6);
    deepStrictEqual(again.since(0, 10), changes);
    deepStrictEqual(
      bansOf(again),
      quota(replay(changes, new Map()).values(), NOW_MS),
    );
    const { id, origin } = eventName("e3");
    strictEqual(again.hasEvent(origin, id), true);
    deepStrictEqual(again.receipts(IP), [
      receipt(IP, { outcome: "failed", detail: "a|b" }),
    ]);
  },
  "keeps all entries or none: a gap in the middle": async (
    { store, reopen },
  ) => {
    await store.append([unnamed(report(1, IP))], NOW_MS);
    const before = bansOf(store);
    for (const wrong of [[2, 4], [2, 2], [3], [1], [2, 3, 5, 4]]) {
      const entries = wrong.map((seq) => ({
        event: eventName(`e${seq}`),
        change: report(seq, NET),
      }));
      await rejects(store.append(entries, NOW_MS), RangeError, `${wrong}`);
    }
    for (const look of [() => store, reopen]) {
      const each = look();
      strictEqual(each.seq, 1);
      deepStrictEqual(bansOf(each), before);
      deepStrictEqual(each.since(0, 10), [report(1, IP)]);
      const { origin, id } = eventName("e2");
      strictEqual(each.hasEvent(origin, id), false);
    }
  },
  "refuses an event that it has, with all that came with it": async (
    { store },
  ) => {
    const event = eventName("twice");
    await store.append([{ event, change: report(1, IP) }], NOW_MS);
    const again = [unnamed(report(2, NET)), { event, change: undefined }];
    await rejects(store.append(again, NOW_MS), RangeError);
    const both = eventName("both");
    await rejects(
      store.append([
        { event: both, change: report(2, NET) },
        { event: both, change: undefined },
      ], NOW_MS),
      RangeError,
    );
    strictEqual(store.hasEvent(both.origin, both.id), false);
    strictEqual(store.seq, 1);
  },
  "knows events by origin and id, also those that changed nothing": async (
    { store },
  ) => {
    const one = eventName("one");
    const other = eventName("one", "web-2");
    await store.append([{ event: one, change: undefined }], NOW_MS);
    strictEqual(store.seq, 0);
    strictEqual(store.hasEvent(one.origin, one.id), true);
    strictEqual(store.hasEvent(other.origin, other.id), false);
    await store.append([{ event: other, change: report(1, IP) }], NOW_MS);
    strictEqual(store.hasEvent(other.origin, other.id), true);
  },
  "tells the changes after a number, as many as are wanted": async (
    { store },
  ) => {
    const changes = reports(7);
    await store.append(changes.map(unnamed), NOW_MS);
    deepStrictEqual(store.since(0, 3), changes.slice(0, 3));
    deepStrictEqual(store.since(3, 100), changes.slice(3));
    deepStrictEqual(store.since(7, 100), []);
    deepStrictEqual(store.since(2, 0), []);
  },
  "tells a ban's past, the last of it, oldest first": async ({ store }) => {
    const changes = [
      report(1, IP),
      report(2, NET),
      withdraw(3, IP),
      report(4, IP, { origin: "web-2" }),
      lift(5, IP),
      report(6, banKey("192.0.2.1", "nginx")),
    ];
    await store.append(changes.map(unnamed), NOW_MS);
    const past = [1, 3, 4, 5];
    const seqs = (max: number) => store.history(IP, max).map(({ seq }) => seq);
    deepStrictEqual(seqs(10), past);
    deepStrictEqual(seqs(2), [4, 5]);
    deepStrictEqual(seqs(0), []);
    deepStrictEqual(store.history(NET, 10), [report(2, NET)]);
  },
  "leaves out reports that are over": async ({ store }) => {
    const ends = [NOW_MS + 1, NOW_MS + 2, NOW_MS + 3];
    const changes = ends.map((expiresMs, index) =>
      report(index + 1, IP, { origin: `web-${index}`, expiresMs, atMs: NOW_MS })
    );
    await store.append(changes.map(unnamed), NOW_MS);
    for (const [after, count] of [[0, 3], [1, 2], [2, 1]] as const) {
      const [ban] = bansOf(store, NOW_MS + after);
      strictEqual(ban?.reports.length, count);
      strictEqual(ban?.seq, 3);
    }
    deepStrictEqual(bansOf(store, NOW_MS + 3), []);
  },
  "takes a report anew whose time was over, forgotten or not": async (
    { store },
  ) => {
    const again = report(3, IP, { atMs: NOW_MS + 500 });
    await store.append([
      unnamed(report(1, IP, { expiresMs: NOW_MS + 500 })),
      unnamed(report(2, IP, { origin: "web-2" })),
      unnamed(again),
    ], NOW_MS);
    const [ban] = bansOf(store);
    deepStrictEqual(
      ban?.reports.map(({ origin, firstMs }) => [origin, firstMs]),
      [["web-2", NOW_MS + 2], ["web-1", NOW_MS + 500]],
    );
  },
  "forgets history and goes on counting": async ({ store, reopen }) => {
    const changes = reports(4);
    await store.append(
      changes.map((change) => ({ event: eventName(`e${change.seq}`), change })),
      NOW_MS,
    );
    const before = bansOf(store);
    strictEqual(await store.prune(NOW_MS - DAY_MS, NOW_MS), false);
    strictEqual(store.keptSince, 0);
    await pruneAll(store, NOW_MS + 3);
    for (const look of [() => store, reopen]) {
      const each = look();
      deepStrictEqual([each.keptSince, each.seq], [2, 4]);
      deepStrictEqual(each.since(2, 10), changes.slice(2));
      throws(() => each.since(1, 10), RangeError);
      deepStrictEqual(each.history(banKeyAt(1), 10), []);
      deepStrictEqual(bansOf(each), before);
    }
  },
  "forgets all of its history and goes on counting": async (
    { store, reopen },
  ) => {
    const event = eventName("old");
    await store.append([{ event, change: report(1, IP) }], NOW_MS);
    await store.append([unnamed(withdraw(2, IP)), unnamed(report(3, NET))], 0);
    await pruneAll(store, NOW_MS + DAY_MS);
    strictEqual(store.hasEvent(event.origin, event.id), false);
    const again = reopen();
    deepStrictEqual([again.seq, again.keptSince], [3, 3]);
    deepStrictEqual(again.since(3, 10), []);
    deepStrictEqual(bansOf(again).map(({ jail }) => jail), [NET.jail]);
    await rejects(again.append([unnamed(report(3, IP))], NOW_MS), RangeError);
    await again.append([unnamed(report(4, IP))], NOW_MS);
    deepStrictEqual(again.since(3, 10), [report(4, IP)]);
    deepStrictEqual(again.history(IP, 10), [report(4, IP)]);
  },
  "forgets in steps, and never what stands": async ({ store }) => {
    const changes = reports(12_000);
    await store.append(changes.map(unnamed), NOW_MS);
    const steps = await pruneAll(store, NOW_MS + DAY_MS);
    ok(steps >= 3, `${steps} steps`);
    strictEqual(store.keptSince, 12_000);
    strictEqual(bansOf(store).length, 12_000);
  },
};
