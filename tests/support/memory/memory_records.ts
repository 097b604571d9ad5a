import { canonicalHost, type HostName } from "../../../lib/base/host_name.ts";
import type { RuntimeError } from "../../../lib/base/errors.ts";
import {
  AUDIT_KEEP_MS,
  type AuditEntry,
  MAX_AUDIT_ROWS,
  type NewAuditEntry,
  type NodePresence,
  type NodeRecords,
  type Quarantine,
} from "../../../lib/members/node_records.ts";

/** A publisher's records in memory. */
export class MemoryRecords implements NodeRecords {
  readonly #failure: () => RuntimeError | undefined;
  #entries: NewAuditEntry[] = [];
  #presences: readonly NodePresence[] = [];
  readonly #quarantines = new Map<HostName, Quarantine>();

  /** @param failure Gives an error to reject all writes with. */
  constructor(failure: () => RuntimeError | undefined = () => undefined) {
    this.#failure = failure;
  }

  keepAudit(
    entries: readonly NewAuditEntry[],
  ): Promise<readonly NewAuditEntry[]> {
    return this.#keep(() => {
      const lastMs = Math.max(...entries.map(({ atMs }) => atMs));
      const firstMs = lastMs - AUDIT_KEEP_MS;
      const kept = entries.filter((entry) => {
        if (entry.atMs < firstMs) return false;
        const isKnown = entry.revision !== undefined &&
          this.#entries.some(({ revision, atMs }) =>
            revision === entry.revision && atMs === entry.atMs
          );
        if (!isKnown) this.#entries.push(entry);
        return !isKnown;
      });
      if (kept.length > 0) {
        this.#entries = this.#entries
          .filter(({ atMs }) => atMs >= firstMs)
          .slice(-MAX_AUDIT_ROWS);
      }
      return kept;
    });
  }

  audit(max: number): readonly AuditEntry[] {
    const last = max === 0 ? [] : this.#entries.slice(-max);
    return last.map(({ revision: _, ...entry }) => entry);
  }

  auditOf(subject: string, max: number): readonly AuditEntry[] {
    return this.audit(MAX_AUDIT_ROWS)
      .filter((entry) => entry.subject === subject).slice(-max);
  }

  keepQuarantine(aside: Quarantine): Promise<void> {
    return this.#keep(() => {
      this.#quarantines.set(canonicalHost(aside.node), aside);
    });
  }

  dropQuarantine(node: HostName): Promise<void> {
    return this.#keep(() => {
      this.#quarantines.delete(canonicalHost(node));
    });
  }

  quarantines(): readonly Quarantine[] {
    return [...this.#quarantines.values()]
      .toSorted((left, right) => left.node < right.node ? -1 : 1);
  }

  keepPresences(presences: readonly NodePresence[]): Promise<void> {
    return this.#keep(() => {
      this.#presences = [...presences];
    });
  }

  presences(): readonly NodePresence[] {
    const name = ({ node, role }: NodePresence) => `${node} ${role}`;
    return this.#presences.toSorted((left, right) =>
      name(left) < name(right) ? -1 : 1
    );
  }

  #keep<T>(work: () => T): Promise<T> {
    return new Promise((resolve) => {
      const failure = this.#failure();
      if (failure !== undefined) throw failure;
      resolve(work());
    });
  }
}
