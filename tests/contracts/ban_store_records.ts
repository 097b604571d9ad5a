/**
 * What every publisher's store records beside the bans.
 *
 * @module
 */

import { deepStrictEqual } from "node:assert/strict";
import {
  AUDIT_KEEP_MS,
  MAX_AUDIT_ROWS,
  type NewAuditEntry,
  type NodePresence,
  type Quarantine,
} from "../../lib/members/node_records.ts";
import { host } from "../support/values/core_values.ts";
import { NOW_MS } from "../support/values/stored_changes.ts";
import type { KeptStore } from "./ban_store_contract.ts";

function entry(
  subject: string,
  others: Partial<NewAuditEntry> = {},
): NewAuditEntry {
  const what = { by: "root", action: "node add", detail: 'it\'s; "quoted"' };
  return { atMs: NOW_MS, ...what, subject, ...others };
}

function aside(node: string, others: Partial<Quarantine> = {}): Quarantine {
  return {
    ...{ node: host(node), sinceMs: NOW_MS, reason: "protected", count: 100 },
    ...others,
  };
}

function presence(
  node: string,
  others: Partial<NodePresence> = {},
): NodePresence {
  return {
    ...{ node: host(node), role: "subscriber", seenMs: NOW_MS + 0.5 },
    ...{ version: "0.1.0", isAway: false, ...others },
  };
}

/** What every store records. */
export const RECORD_BEHAVIOURS: Readonly<
  Record<string, (kept: KeptStore) => Promise<void>>
> = {
  "keeps the audit in its order, and gives the last of it": async (
    { store, reopen },
  ) => {
    const entries = ["a", "b", "c"].map((subject) => entry(subject));
    deepStrictEqual(await store.records.keepAudit(entries), entries);
    for (const open of [() => store, reopen]) {
      const { records } = open();
      deepStrictEqual(records.audit(9), entries);
      deepStrictEqual(records.audit(2), entries.slice(1));
      deepStrictEqual(records.audit(0), []);
    }
  },

  "gives the last of the audit about a subject": async ({ store, reopen }) => {
    const entries = ["a", "b", "a", "a"].map((subject, at) =>
      entry(subject, { atMs: NOW_MS + at })
    );
    await store.records.keepAudit(entries);
    const { records } = reopen();
    deepStrictEqual(records.auditOf("a", 2), entries.slice(2));
    deepStrictEqual(records.auditOf("b", 2), entries.slice(1, 2));
    deepStrictEqual(records.auditOf("c", 2), []);
  },

  "takes each entry of a journal once, and those of a new journal again":
    async ({ store: { records } }) => {
      const journal = [1, 2, 3].map((revision) =>
        entry(`n${revision}`, { revision, atMs: NOW_MS + revision })
      );
      await records.keepAudit(journal.slice(0, 2));
      deepStrictEqual(await records.keepAudit(journal), journal.slice(2));
      const anew = entry("n1", { revision: 1, atMs: NOW_MS + 60_000 });
      deepStrictEqual(await records.keepAudit([anew]), [anew]);
      deepStrictEqual(await records.keepAudit([anew, ...journal]), []);
      deepStrictEqual(records.audit(9).length, 4);
    },

  "forgets entries after more than a year, and the oldest of too many": async (
    { store: { records } },
  ) => {
    await records.keepAudit([
      entry("old", { atMs: NOW_MS - AUDIT_KEEP_MS - 1 }),
      entry("kept", { atMs: NOW_MS - AUDIT_KEEP_MS }),
    ]);
    await records.keepAudit([entry("now")]);
    deepStrictEqual(records.audit(9).map(({ subject }) => subject), [
      ...["kept", "now"],
    ]);
    const again = entry("again");
    const tooOld = entry("too old", { atMs: NOW_MS - AUDIT_KEEP_MS - 1 });
    deepStrictEqual(await records.keepAudit([tooOld, again]), [again]);
    const many = Array(MAX_AUDIT_ROWS - 1).fill(entry("more"));
    await records.keepAudit(many);
    const all = records.audit(Infinity);
    deepStrictEqual([all.length, all[0]?.subject], [
      MAX_AUDIT_ROWS,
      "again",
    ]);
  },

  "keeps who is set aside until that is dropped, the last for each": async (
    { store, reopen },
  ) => {
    await store.records.keepQuarantine(aside("web2"));
    await store.records.keepQuarantine(aside("web1"));
    const last = aside("web1", { reason: "flood", sinceMs: NOW_MS + 5 });
    await store.records.keepQuarantine(last);
    deepStrictEqual(store.records.quarantines(), [last, aside("web2")]);
    const { records } = reopen();
    deepStrictEqual(records.quarantines(), [last, aside("web2")]);
    await records.dropQuarantine(host("web1"));
    await records.dropQuarantine(host("web3"));
    deepStrictEqual(records.quarantines(), [aside("web2")]);
  },

  "keeps which programs were there, in place of those before": async (
    { store, reopen },
  ) => {
    const monitor = presence("web2", { role: "monitor", isAway: true });
    await store.records.keepPresences([presence("web9"), presence("web1")]);
    await store.records.keepPresences([presence("web2"), monitor]);
    const kept = [monitor, presence("web2")];
    deepStrictEqual(store.records.presences(), kept);
    deepStrictEqual(reopen().records.presences(), kept);
  },
};
