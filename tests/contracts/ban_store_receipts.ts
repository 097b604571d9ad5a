/**
 * What every publisher's store does with receipts, in memory and real.
 *
 * @module
 */

import { deepStrictEqual, strictEqual } from "node:assert/strict";
import {
  banKey,
  lift,
  NOW_MS,
  receipt,
  report,
  unnamed,
  withdraw,
} from "../support/values/stored_changes.ts";
import { type KeptStore, pruneAll } from "./ban_store_contract.ts";

const IP = banKey("192.0.2.1");
const NET = banKey("2001:db8::/48", "nginx-http-auth");
const DAY_MS = 86_400_000;

/** What every store does with them. */
export const RECEIPT_BEHAVIOURS: Readonly<
  Record<string, (kept: KeptStore) => Promise<void>>
> = {
  "keeps the last receipt of each node and action": async (
    { store, reopen },
  ) => {
    const last = receipt(IP, { outcome: "lifted", atMs: NOW_MS + 2 });
    const failed = receipt(IP, { action: "exec", outcome: "failed" });
    const refused = receipt(IP, { node: "web-3", outcome: "refused" });
    const changes = [report(1, IP), report(2, NET)];
    await store.append(changes.map(unnamed), NOW_MS);
    await store.keepReceipts([receipt(IP), receipt(NET), failed, refused]);
    await store.keepReceipts([last]);
    await store.keepReceipts([receipt(IP, { outcome: "failed" })]);
    deepStrictEqual(store.receipts(IP), [failed, last, refused]);
    deepStrictEqual(reopen().receipts(NET), [receipt(NET)]);
  },
  "leaves out receipts of bans that it has no report and no history of": async (
    { store, reopen },
  ) => {
    const past = banKey("192.0.2.2");
    const never = banKey("192.0.2.3");
    const changes = [report(1, IP), report(2, past), withdraw(3, past)];
    await store.append(changes.map(unnamed), NOW_MS);
    const receipts = [IP, past, never, NET].map((key) => receipt(key));
    const { unknown, kept } = await store.keepReceipts(receipts);
    strictEqual(unknown, 2);
    deepStrictEqual(kept, receipts.slice(0, 2));
    deepStrictEqual(await store.keepReceipts([]), { kept: [], unknown: 0 });
    // An older one changes nothing.
    const older = await store.keepReceipts([receipt(IP, { atMs: 0 })]);
    deepStrictEqual(older, { kept: [], unknown: 0 });
    const again = reopen();
    deepStrictEqual(again.receipts(IP), [receipt(IP)]);
    deepStrictEqual(again.receipts(past), [receipt(past)]);
    deepStrictEqual([never, NET].flatMap((key) => again.receipts(key)), []);
    await pruneAll(again, NOW_MS + DAY_MS);
    deepStrictEqual(again.receipts(past), []);
    const left = await again.keepReceipts([receipt(past), receipt(IP)]);
    deepStrictEqual(left, { kept: [receipt(IP)], unknown: 1 });
  },
  "forgets the receipts of a ban when another of its key begins": async (
    { store, reopen },
  ) => {
    const ended = banKey("192.0.2.2");
    const lifted = banKey("192.0.2.3");
    const keys = [IP, ended, lifted, NET];
    const brief = { expiresMs: NOW_MS + 10 };
    await store.append(
      [
        ...[report(1, IP), report(2, ended, brief), report(3, lifted)],
        report(4, NET, brief),
      ].map(unnamed),
      NOW_MS,
    );
    await store.keepReceipts(keys.map((key) => receipt(key)));
    const again = { atMs: NOW_MS + 20, origin: "web-3" };
    await store.append(
      [
        withdraw(5, IP),
        lift(6, lifted),
        // Those that count still are of the same ban.
        report(7, NET, { atMs: NOW_MS + 9, origin: "web-3" }),
        report(8, NET, { ...again, origin: "web-1" }),
      ].map(unnamed),
      NOW_MS,
    );
    const told = () => keys.map((key) => store.receipts(key).length);
    // What became of a ban that has ended is kept.
    deepStrictEqual(told(), [1, 1, 1, 1]);
    await store.append(
      [
        report(9, IP, again),
        report(10, ended, again),
        report(11, lifted, again),
      ]
        .map(unnamed),
      NOW_MS,
    );
    deepStrictEqual(told(), [0, 0, 0, 1]);
    await store.append([report(12, IP, again)].map(unnamed), NOW_MS);
    await store.keepReceipts([receipt(IP)]);
    await store.append(
      [report(13, IP, { ...again, origin: "web-4" })].map(unnamed),
      NOW_MS,
    );
    deepStrictEqual(reopen().receipts(IP), [receipt(IP)]);
  },
  "forgets receipts of bans that are no more, and keeps the others": async (
    { store },
  ) => {
    const gone = banKey("192.0.2.2");
    await store.append([
      unnamed(report(1, IP)),
      unnamed(report(2, NET, { expiresMs: NOW_MS + 10 })),
      unnamed(withdraw(3, gone)),
    ], NOW_MS);
    const late = receipt(gone, { node: "web-3", atMs: NOW_MS + 20 });
    await store.keepReceipts([
      receipt(IP),
      receipt(NET),
      receipt(gone),
      late,
    ]);
    await pruneAll(store, NOW_MS + 1, NOW_MS + 10);
    deepStrictEqual(store.receipts(IP), [receipt(IP)]);
    deepStrictEqual(store.receipts(NET), []);
    deepStrictEqual(store.receipts(gone), [late]);
  },
};
