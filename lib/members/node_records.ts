/**
 * The port of what the publisher records beside the bans: who did what, and
 * whose reports are set aside.
 *
 * @module
 */

import type { BadKind, OpenBreaker } from "./breaker.ts";
import type { HostName } from "../base/host_name.ts";

/** Something that was done. Holds no secret. */
export interface AuditEntry {
  /** In milliseconds since 1970. */
  readonly atMs: number;
  /** The user who did it, or `publisher`. */
  readonly by: string;
  /** What was done, as in `node add`. */
  readonly action: string;
  /** To whom or what. */
  readonly subject: string;
  /** With what; may be empty. */
  readonly detail: string;
}

/** An entry to be kept. */
export interface NewAuditEntry extends AuditEntry {
  /** Its number in the journal of the list of members; `undefined`: it is not from there. */
  readonly revision?: number;
}

/** A node whose reports are set aside. */
export interface Quarantine extends OpenBreaker {
  /** The member's name, in lower case. */
  readonly node: HostName;
  /** In milliseconds since 1970. */
  readonly sinceMs: number;
}

/** Keeps records. */
export interface NodeRecords {
  /**
   * Keeps entries of the audit, those from a journal that are kept already
   * left out, and forgets what is older than {@link AUDIT_KEEP_MS}, and the
   * oldest above {@link MAX_AUDIT_ROWS}.
   *
   * @returns The entries that were not there before.
   * @throws {RuntimeError} when they can't be kept; none was.
   */
  keepAudit(
    entries: readonly NewAuditEntry[],
  ): Promise<readonly NewAuditEntry[]>;
  /** The last entries, oldest first. */
  audit(max: number): readonly AuditEntry[];
  /** Keeps that a node's reports are set aside. @throws {RuntimeError} when that can't be kept. */
  keepQuarantine(aside: Quarantine): Promise<void>;
  /** Forgets it. @throws {RuntimeError} when that can't be kept. */
  dropQuarantine(node: HostName): Promise<void>;
  /** Whose reports are set aside. */
  quarantines(): readonly Quarantine[];
}

/** An entry is kept for so long, in milliseconds, unless too many follow it: 400 days. */
export const AUDIT_KEEP_MS = 400 * 86_400_000;
/** Entries that are kept at most: the last ones. */
export const MAX_AUDIT_ROWS = 100_000;

/** Every {@link BadKind}. */
export const BAD_KINDS: readonly BadKind[] = [
  "refused",
  "protected",
  "malformed",
  "flood",
];
