/**
 * The port of the publisher's records: the audit, the nodes whose reports are
 * set aside, and when each program was last there.
 *
 * @module
 */

import type { BadKind, OpenBreaker } from "./breaker.ts";
import type { NodeRole } from "../base/ids.ts";
import type { HostName } from "../base/host_name.ts";

/** An action of an operator or of the publisher. Holds no secret. */
export interface AuditEntry {
  /** When it happened, in milliseconds since 1970. */
  readonly atMs: number;
  /** The user who did it, or `publisher`. */
  readonly by: string;
  /** The action, such as `node add`. */
  readonly action: string;
  /** A node's name or a network. */
  readonly subject: string;
  /** Details; may be empty. */
  readonly detail: string;
}

/** Records who did what. */
export type RecordDeed = (
  by: string,
  action: string,
  subject: string,
  detail: string,
) => Promise<void>;

/** An entry to be stored. */
export interface NewAuditEntry extends AuditEntry {
  /**
   * Its number in the journal of the list of members; `undefined`: it does not
   * come from there.
   */
  readonly revision?: number;
}

/** A node whose reports are set aside. */
export interface Quarantine extends OpenBreaker {
  /** The member's name, in lower case. */
  readonly node: HostName;
  /** When it happened, in milliseconds since 1970. */
  readonly sinceMs: number;
}

/** What is kept of a node's program. */
export interface NodePresence {
  /** The member's name, in lower case. */
  readonly node: HostName;
  readonly role: NodeRole;
  /** Its last sign of life, by the store's clock, in milliseconds since 1970. */
  readonly seenMs: number;
  /** Of the program that said HELLO last. */
  readonly version: string;
  /** Whether it said BYE then. */
  readonly isAway: boolean;
}

/** Stores records. */
export interface NodeRecords {
  /**
   * Stores entries of the audit, except journal entries that it has already.
   * Deletes entries older than {@link AUDIT_KEEP_MS}, and the oldest above
   * {@link MAX_AUDIT_ROWS}.
   *
   * @returns The new entries.
   * @throws {RuntimeError} when they can't be stored; none was.
   */
  keepAudit(
    entries: readonly NewAuditEntry[],
  ): Promise<readonly NewAuditEntry[]>;
  /** The last entries, oldest first. */
  audit(max: number): readonly AuditEntry[];
  /** The last entries about a subject, oldest first. */
  auditOf(subject: string, max: number): readonly AuditEntry[];
  /**
   * Stores that a node's reports are set aside. @throws {RuntimeError} when
   * that can't be stored.
   */
  keepQuarantine(quarantine: Quarantine): Promise<void>;
  /** Deletes a quarantine. @throws {RuntimeError} when that can't be stored. */
  dropQuarantine(node: HostName): Promise<void>;
  /** The nodes whose reports are set aside. */
  quarantines(): readonly Quarantine[];
  /**
   * Stores which programs were there, in place of what was stored before.
   *
   * @throws {RuntimeError} when that can't be stored; nothing was.
   */
  keepPresences(presences: readonly NodePresence[]): Promise<void>;
  /** The programs that were there, by node and role. */
  presences(): readonly NodePresence[];
}

/** How long entries of the audit are kept, in milliseconds: 400 days. */
export const AUDIT_KEEP_MS = 400 * 86_400_000;
/** Maximum number of entries of the audit: the last ones. */
export const MAX_AUDIT_ROWS = 100_000;

/** Every {@link BadKind}. */
export const BAD_KINDS: readonly BadKind[] = [
  "refused",
  "protected",
  "malformed",
  "flood",
];
