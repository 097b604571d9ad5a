/**
 * The audit, quarantines and presence of nodes in the publisher's database; see
 * `ban_store_schema.ts`.
 *
 * @module
 */

import { hostOf, notAsWritten, numberOf } from "./ban_rows.ts";
import type { HostName } from "../base/host_name.ts";
import {
  AUDIT_KEEP_MS,
  type AuditEntry,
  BAD_KINDS,
  MAX_AUDIT_ROWS,
  type NewAuditEntry,
  type NodePresence,
  type NodeRecords,
  type Quarantine,
} from "../members/node_records.ts";
import {
  prepareAll,
  type SqlDatabase,
  type SqlRow,
  type SqlStatement,
  valuesOf,
} from "../sqlite/sql.ts";
import { storeFailure } from "../sqlite/store_errors.ts";
import type { Transactions } from "./transactions.ts";

const STATEMENTS = {
  putEntry: `
    INSERT OR IGNORE INTO audit
      (revision, at_ms, by_whom, action, subject, detail)
    VALUES (?, ?, ?, ?, ?, ?)`,
  dropOldEntries: `
    DELETE FROM audit WHERE at_ms < ? OR id <= (SELECT max(id) FROM audit) - ?`,
  selectEntries: `
    SELECT at_ms, by_whom, action, subject, detail FROM audit
    ORDER BY id DESC LIMIT ?`,
  selectEntriesOf: `
    SELECT at_ms, by_whom, action, subject, detail FROM audit
    WHERE subject = ? ORDER BY id DESC LIMIT ?`,
  putQuarantine: `
    INSERT OR REPLACE INTO breakers (node, since_ms, reason, count)
    VALUES (?, ?, ?, ?)`,
  dropQuarantine: "DELETE FROM breakers WHERE node = ?",
  selectAsides: `
    SELECT node, since_ms, reason, count FROM breakers ORDER BY node`,
  dropPresences: "DELETE FROM presence",
  putPresence: `
    INSERT INTO presence (node, role, seen_ms, version, is_away)
    VALUES (?, ?, ?, ?, ?)`,
  selectPresences: `
    SELECT node, role, seen_ms, version, is_away FROM presence
    ORDER BY node, role`,
} as const;

type Statements = Readonly<Record<keyof typeof STATEMENTS, SqlStatement>>;

/** Stores records over a connection; all methods are synchronous. */
export class RecordTables implements NodeRecords {
  readonly #database: SqlDatabase;
  readonly #transactions: Transactions;
  #prepared: Statements | undefined;

  /**
   * @param database With `BAN_STORE_SCHEMA`.
   * @param transactions Runs all writes to it.
   */
  constructor(database: SqlDatabase, transactions: Transactions) {
    this.#database = database;
    this.#transactions = transactions;
  }

  keepAudit(
    entries: readonly NewAuditEntry[],
  ): Promise<readonly NewAuditEntry[]> {
    return this.#write("the audit", ({ putEntry, dropOldEntries }) => {
      const lastMs = Math.max(...entries.map(({ atMs }) => atMs));
      const firstMs = lastMs - AUDIT_KEEP_MS;
      const kept = entries.filter((entry) => {
        const { revision = null, atMs, by, action, subject, detail } = entry;
        const values = [revision, atMs, by, action, subject, detail];
        if (atMs < firstMs) return false;
        return Number(putEntry.run(...values).changes) === 1;
      });
      if (kept.length > 0) dropOldEntries.run(firstMs, MAX_AUDIT_ROWS);
      return kept;
    });
  }

  audit(max: number): readonly AuditEntry[] {
    return this.#read(
      "the audit",
      ({ selectEntries }) =>
        selectEntries.all(Math.min(max, MAX_AUDIT_ROWS)).map(readEntry)
          .reverse(),
    );
  }

  auditOf(subject: string, max: number): readonly AuditEntry[] {
    return this.#read(
      "the audit",
      ({ selectEntriesOf }) =>
        selectEntriesOf.all(subject, Math.min(max, MAX_AUDIT_ROWS))
          .map(readEntry).reverse(),
    );
  }

  keepQuarantine({ node, sinceMs, reason, count }: Quarantine): Promise<void> {
    return this.#write("who is set aside", ({ putQuarantine }) => {
      putQuarantine.run(node, sinceMs, reason, count);
    });
  }

  dropQuarantine(node: HostName): Promise<void> {
    return this.#write("who is set aside", ({ dropQuarantine }) => {
      dropQuarantine.run(node);
    });
  }

  quarantines(): readonly Quarantine[] {
    return this.#read(
      "who is set aside",
      ({ selectAsides }) => selectAsides.all().map(readAside),
    );
  }

  keepPresences(presences: readonly NodePresence[]): Promise<void> {
    return this.#write("who was there", ({ dropPresences, putPresence }) => {
      dropPresences.run();
      for (const { node, role, seenMs, version, isAway } of presences) {
        putPresence.run(node, role, seenMs, version, Number(isAway));
      }
    });
  }

  presences(): readonly NodePresence[] {
    return this.#read(
      "who was there",
      ({ selectPresences }) => selectPresences.all().map(readPresence),
    );
  }

  /**
   * Prepared late: an older file is checked before it has these tables.
   */
  get #statements(): Statements {
    return this.#prepared ??= prepareAll(this.#database, STATEMENTS);
  }

  #write<T>(
    what: string,
    work: (statements: Statements) => T,
  ): Promise<T> {
    return new Promise((resolve) => {
      try {
        const statements = this.#statements;
        resolve(this.#transactions.run(() => work(statements)));
      } catch (error) {
        throw storeFailure(`cannot keep ${what}`, error);
      }
    });
  }

  #read<T>(
    what: string,
    work: (statements: Statements) => T,
  ): T {
    try {
      return work(this.#statements);
    } catch (error) {
      throw storeFailure(`cannot read ${what}`, error);
    }
  }
}

function readEntry(row: SqlRow): AuditEntry {
  const [atMs, ...texts] = valuesOf(row);
  const [by = "", action = "", subject = "", detail = ""] = texts.map(String);
  return { atMs: numberOf(atMs, "audit"), by, action, subject, detail };
}

function readAside(row: SqlRow): Quarantine {
  const [node, sinceMs, reason, count] = valuesOf(row);
  const known = BAD_KINDS.find((kind) => kind === reason);
  if (known === undefined) throw notAsWritten("breakers");
  return {
    node: hostOf(node, "breakers"),
    sinceMs: numberOf(sinceMs, "breakers"),
    reason: known,
    count: numberOf(count, "breakers"),
  };
}

function readPresence(row: SqlRow): NodePresence {
  const [node, role, seenMs, version, isAway] = valuesOf(row);
  if (role !== "monitor" && role !== "subscriber") {
    throw notAsWritten("presence");
  }
  return {
    node: hostOf(node, "presence"),
    role,
    seenMs: numberOf(seenMs, "presence"),
    version: String(version),
    isAway: isAway === 1,
  };
}
