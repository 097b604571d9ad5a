/**
 * The port of the publisher's records: the audit, the nodes whose reports are
 * set aside, and when each program was last seen.
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

/** Records an action in the audit. */
export type RecordDeed = (
  by: string,
  action: string,
  subject: string,
  detail: string,
) => Promise<void>;

/** An entry to be stored. */
export interface NewAuditEntry extends AuditEntry {
  /**
   * Its number in the journal of the list of members; `undefined`: it is from
   * elsewhere.
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

/** The record of a node's program. */
export interface NodePresence {
  /** The member's name, in lower case. */
  readonly node: HostName;
  readonly role: NodeRole;
  /**
   * When it was last seen, by the store's clock, in milliseconds since 1970.
   */
  readonly seenMs: number;
  /** Version in its last HELLO. */
  readonly version: string;
  /** Whether it left with BYE. */
  readonly isAway: boolean;
}

/** Stores records. */
export interface NodeRecords {
  /**
   * Stores entries of the audit, except journal entries that it already has.
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
  /** Stores a quarantine. @throws {RuntimeError} when it can't be stored. */
  keepQuarantine(quarantine: Quarantine): Promise<void>;
  /** Deletes a quarantine. @throws {RuntimeError} when that can't be stored. */
  dropQuarantine(node: HostName): Promise<void>;
  /** The nodes whose reports are set aside. */
  quarantines(): readonly Quarantine[];
  /**
   * Replaces the stored presences.
   *
   * @throws {RuntimeError} when they can't be stored; nothing was.
   */
  keepPresences(presences: readonly NodePresence[]): Promise<void>;
  /** The stored presences, by node and role. */
  presences(): readonly NodePresence[];
}

/** Retention of audit entries, in milliseconds: 400 days. */
export const AUDIT_KEEP_MS = 400 * 86_400_000;
/** Maximum number of audit entries: the latest ones. */
export const MAX_AUDIT_ROWS = 100_000;

/** Every {@link BadKind}. */
export const BAD_KINDS: readonly BadKind[] = [
  "refused",
  "protected",
  "malformed",
  "flood",
];
