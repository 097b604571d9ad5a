/**
 * The store of the active publisher: every write goes into the shared log
 * first, and from there into this host's copy.
 *
 * @module
 */

import { Mutex } from "../async/mutex.ts";
import type { Clock } from "../async/clock.ts";
import type { Address } from "../base/address.ts";
import type { HostName } from "../base/host_name.ts";
import type { Epoch, EventId } from "../base/ids.ts";
import type { JailName } from "../base/jail_name.ts";
import type { BanKey, Change } from "../ban/ban.ts";
import {
  type BanStore,
  type CopyStore,
  type KeptReceipts,
  type RecordMark,
  type StoredReceipt,
  type StoreEntry,
  StoreLeftError,
  type StoreTime,
} from "../ban/ban_store.ts";
import type { BanTable, TableStep } from "../ban/ban_table.ts";
import type { ImportRecords } from "../ban/import_records.ts";
import type { NodeRecords } from "../members/node_records.ts";
import {
  NoLogError,
  type SeenVersions,
  type SharedLog,
  type SharedRecord,
  type WriteOutcome,
} from "./shared_log.ts";
import { encodeStep, type SharedStep } from "./shared_step.ts";

/** Options for {@link SharedBanStore}. */
export interface SharedBanStoreOptions {
  readonly log: SharedLog;
  /** Contains every record of the log. */
  readonly copy: CopyStore;
  /** The versions when this publisher became active. */
  readonly seen: SeenVersions;
  readonly clock: Pick<Clock, "delay">;
  /** Creates a record's ID. */
  readonly newId: () => string;
  /** Aborted when this publisher is no longer active. */
  readonly signal: AbortSignal;
  /** Receives each appended record. @default {nobody} */
  readonly onRecord?: (record: SharedRecord) => void;
  /** Called with the reason when this publisher can't stay active. */
  readonly onLost: (reason: string) => void;
}

/** Pause before a record with unknown outcome is tried again. */
const RETRY_MS = 100;

/**
 * A {@link BanStore} with copies at any number of publishers and a single
 * writer. A write is in the log before it is acknowledged.
 *
 * After a refused write or a failed copy nothing more is written: the publisher
 * starts again as a standby.
 */
export class SharedBanStore implements BanStore {
  readonly records: NodeRecords;
  readonly imports: ImportRecords;
  readonly #options: SharedBanStoreOptions;
  readonly #mutex = new Mutex();
  #seen: SeenVersions;
  #lost: string | undefined;

  /** @param options See {@link SharedBanStoreOptions}. */
  constructor(options: SharedBanStoreOptions) {
    this.#options = options;
    this.#seen = options.seen;
    this.records = this.#sharedRecords();
    this.imports = this.#sharedImports();
  }

  get epoch(): Epoch {
    return this.#options.copy.epoch;
  }

  get seq(): number {
    return this.#options.copy.seq;
  }

  get keptSince(): number {
    return this.#options.copy.keptSince;
  }

  get table(): BanTable {
    return this.#options.copy.table;
  }

  get time(): StoreTime | undefined {
    return this.#options.copy.time;
  }

  /** The state of this host's clock, which differs from other hosts'. */
  keepTime(time: StoreTime): Promise<void> {
    return this.#options.copy.keepTime(time);
  }

  append(
    entries: readonly StoreEntry[],
    nowMs: number,
  ): Promise<readonly TableStep[]> {
    if (entries.length === 0) return Promise.resolve([]);
    const { copy } = this.#options;
    return this.#write(
      () => {
        this.#refuseOdd(entries);
        return { kind: "append", nowMs, entries };
      },
      () => copy.append(entries, nowMs),
    );
  }

  hasEvent(origin: HostName, id: EventId): boolean {
    return this.#options.copy.hasEvent(origin, id);
  }

  since(seq: number, max: number): readonly Change[] {
    return this.#options.copy.since(seq, max);
  }

  jailsOf(address: Address): readonly JailName[] {
    return this.#options.copy.jailsOf(address);
  }

  history(key: BanKey, max: number): readonly Change[] {
    return this.#options.copy.history(key, max);
  }

  keepReceipts(receipts: readonly StoredReceipt[]): Promise<KeptReceipts> {
    if (receipts.length === 0) return Promise.resolve({ kept: [], unknown: 0 });
    const { copy } = this.#options;
    return this.#write(
      () => ({ kind: "receipts", receipts }),
      () => copy.keepReceipts(receipts),
    );
  }

  liftedMs(key: BanKey): number | undefined {
    return this.#options.copy.liftedMs(key);
  }

  receipts(key: BanKey): readonly StoredReceipt[] {
    return this.#options.copy.receipts(key);
  }

  settle(): Promise<boolean> {
    return this.#alone(() => this.#options.copy.settle());
  }

  /** Each host deletes its own history. */
  prune(beforeMs: number, nowMs: number): Promise<boolean> {
    return this.#alone(() => this.#options.copy.prune(beforeMs, nowMs));
  }

  /** Resolves once no write is in progress. */
  async whenIdle(): Promise<void> {
    await this.#mutex.withLock(NEVER, () => Promise.resolve());
  }

  #sharedRecords(): NodeRecords {
    const { records } = this.#options.copy;
    return {
      keepAudit: (entries) =>
        entries.length === 0 ? Promise.resolve([]) : this.#write(
          () => ({ kind: "audit", entries }),
          () => records.keepAudit(entries),
        ),
      keepQuarantine: (quarantine) =>
        this.#write(
          () => ({ kind: "aside", quarantine }),
          () => records.keepQuarantine(quarantine),
        ),
      dropQuarantine: (node) =>
        this.#write(
          () => ({ kind: "release", node }),
          () => records.dropQuarantine(node),
        ),
      audit: (max) => records.audit(max),
      auditOf: (subject, max) => records.auditOf(subject, max),
      quarantines: () => records.quarantines(),
      // Connected nodes report again to the next active publisher.
      keepPresences: (presences) => records.keepPresences(presences),
      presences: () => records.presences(),
    };
  }

  #sharedImports(): ImportRecords {
    const { imports } = this.#options.copy;
    return {
      all: () => imports.all(),
      newList: () => imports.newList(),
      entries: (list, after, max) => imports.entries(list, after, max),
      sinceMs: (list, address) => imports.sinceMs(list, address),
      stage: (list, entries) =>
        this.#write(
          () => ({ kind: "stage", list, entries }),
          () => imports.stage(list, entries),
        ),
      take: (imported) =>
        this.#write(
          () => ({ kind: "take", imported }),
          () => imports.take(imported),
        ),
      forget: (name) =>
        this.#write(
          () => ({ kind: "forget", name }),
          () => imports.forget(name),
        ),
      sweep: (max) =>
        this.#write(
          () => ({ kind: "sweep", max }),
          () => imports.sweep(max),
        ),
    };
  }

  /** Entries that no store accepts must not be in the log. */
  #refuseOdd(entries: readonly StoreEntry[]): void {
    const names = new Set<string>();
    let { seq } = this;
    for (const { event, change } of entries) {
      if (change !== undefined && change.seq !== ++seq) {
        throw new RangeError(`Cannot keep change ${change.seq} as ${seq}`);
      }
      if (event === undefined) continue;
      const name = `${event.origin}|${event.id}`;
      if (names.has(name) || this.hasEvent(event.origin, event.id)) {
        throw new RangeError(`Cannot keep event ${name} twice`);
      }
      names.add(name);
    }
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    return this.#mutex.withLock(NEVER, async () => {
      this.#refuseIfLost();
      return await work();
    });
  }

  #write<T>(step: () => SharedStep, work: () => Promise<T>): Promise<T> {
    return this.#alone(async () => {
      const { copy, newId } = this.#options;
      const { applied } = copy;
      if (applied === undefined) throw new Error("It follows no log");
      const record = {
        index: applied.index + 1,
        id: newId(),
        previous: applied.id,
        step: await encodeStep(step()),
      };
      await this.#append(record);
      this.#options.onRecord?.(record);
      try {
        return await copy.apply(mark(record), work);
      } catch (error) {
        // The record is in the log: as a standby this host retries until it has
        // it.
        this.#lose(`its copy failed: ${messageOf(error)}`);
        throw error;
      }
    });
  }

  /** Resolves once the record is in the log. */
  async #append(record: SharedRecord): Promise<void> {
    const { signal, clock } = this.#options;
    while (true) {
      this.#refuseIfLost();
      const outcome = await this.#tryAppend(record);
      if (outcome?.isWritten) {
        this.#seen = outcome.versions;
        return;
      }
      if (outcome !== undefined) {
        const { head, versions, lead } = outcome.view;
        // An unanswered attempt may have been carried out.
        const isOwn = head.id === record.id &&
          versions.lead === this.#seen.lead;
        if (!isOwn) {
          this.#lose(`${lead.holder ?? "another publisher"} has taken over`);
          this.#refuseIfLost();
        }
        this.#seen = versions;
        return;
      }
      try {
        await clock.delay(RETRY_MS, signal);
      } catch (error) {
        if (!signal.aborted || error !== signal.reason) throw error;
      }
    }
  }

  /** @returns `undefined`: the outcome is unknown. */
  async #tryAppend(record: SharedRecord): Promise<WriteOutcome | undefined> {
    const { log, signal } = this.#options;
    try {
      return await log.append(record, this.#seen, signal);
    } catch (error) {
      if (signal.aborted && error === signal.reason) return undefined;
      if (error instanceof NoLogError) return undefined;
      throw error;
    }
  }

  #lose(reason: string): void {
    if (this.#lost !== undefined) return;
    this.#lost = reason;
    this.#options.onLost(reason);
  }

  #refuseIfLost(): void {
    if (this.#options.signal.aborted) this.#lose("it is not active any more");
    if (this.#lost === undefined) return;
    throw new StoreLeftError(
      `nothing is kept by this publisher any more: ${this.#lost}`,
    );
  }
}

/** The store's own signal ends the wait for the log, and so the lock. */
const NEVER = new AbortController().signal;

function mark({ index, id }: SharedRecord): RecordMark {
  return { index, id };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
