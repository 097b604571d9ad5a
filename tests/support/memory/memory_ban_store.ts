import {
  type Ban,
  type BanKey,
  type Change,
  keyOf,
} from "../../../lib/ban/ban.ts";
import { BanTable, type TableStep } from "../../../lib/ban/ban_table.ts";
import type { Epoch, EventId } from "../../../lib/base/ids.ts";
import { isOperatorsLift } from "../../../lib/ban/ban.ts";
import {
  type BanStore,
  type KeptReceipts,
  LIFT_KEEP_MS,
  type StoredReceipt,
  type StoreEntry,
  type StoreTime,
} from "../../../lib/ban/ban_store.ts";
import type { RuntimeError } from "../../../lib/base/errors.ts";
import type { Address } from "../../../lib/base/address.ts";
import type { JailName } from "../../../lib/base/jail_name.ts";
import type { HostName } from "../../../lib/base/host_name.ts";
import { MemoryImports } from "./memory_imports.ts";
import { MemoryRecords } from "./memory_records.ts";

/** Maximum number of changes deleted at once. */
const STEP = 5_000;

/** A publisher's store in memory, which can fail. */
export class MemoryBanStore implements BanStore {
  /** An error to reject all writes with. */
  failure: RuntimeError | undefined;
  readonly records: MemoryRecords = new MemoryRecords(() => this.failure);
  readonly imports: MemoryImports = new MemoryImports(() => this.failure);
  epoch: Epoch;
  table = new BanTable();
  keptSince = 0;
  time: StoreTime | undefined;
  #changes: Change[] = [];
  /** The state for a restart: a snapshot, and the changes after it. */
  #snapshot: readonly Ban[] = [];
  #unsettled: Change[] = [];
  readonly #events = new Map<string, number>();
  readonly #lifts = new Map<string, number>();
  readonly #receipts = new Map<string, StoredReceipt>();

  /** @param epoch Its epoch. */
  constructor(epoch = "00112233445566778899aabbccddeeff") {
    this.epoch = epoch as Epoch;
  }

  get seq(): number {
    return this.table.seq;
  }

  /** The table after a restart. */
  stored(): BanTable {
    const table = new BanTable(
      this.#snapshot,
      this.seq - this.#unsettled.length,
    );
    for (const change of this.#unsettled) table.apply(change);
    return table;
  }

  /** Restarts the program. */
  reopen(): void {
    this.table = this.stored();
  }

  keepTime(time: StoreTime): Promise<void> {
    return this.#keep(() => {
      this.time = time;
    });
  }

  append(
    entries: readonly StoreEntry[],
    nowMs: number,
  ): Promise<readonly TableStep[]> {
    return this.#keep(() => {
      const changes = entries.flatMap(({ change }) => change ?? []);
      const events = entries.flatMap(({ event }) => event ?? [])
        .map(({ origin, id }) => `${origin}|${id}`);
      changes.forEach(({ seq }, index) => {
        if (seq !== this.seq + 1 + index) throw new RangeError(`seq ${seq}`);
      });
      const isNew = events.every((name) => !this.#events.has(name));
      if (!isNew || new Set(events).size < events.length) {
        throw new RangeError("an event that is kept already");
      }
      for (const name of events) this.#events.set(name, nowMs);
      this.#changes.push(...changes);
      this.#unsettled.push(...changes);
      return changes.map((change) => this.#apply(change));
    });
  }

  settle(): Promise<boolean> {
    return this.#keep(() => {
      this.#snapshot = [...this.table.bans()];
      this.#unsettled = [];
      return false;
    });
  }

  hasEvent(origin: HostName, id: EventId): boolean {
    return this.#events.has(`${origin}|${id}`);
  }

  since(seq: number, max: number): readonly Change[] {
    if (seq < this.keptSince) throw new RangeError(`since ${seq}`);
    return this.#changes.filter((each) => each.seq > seq).slice(0, max);
  }

  jailsOf(address: Address): readonly JailName[] {
    const known = [...this.table.bans(), ...this.#changes];
    const jails = known.flatMap((each) =>
      each.address === address ? [each.jail] : []
    );
    return [...new Set(jails)].sort();
  }

  history(key: BanKey, max: number): readonly Change[] {
    const all = this.#changes.filter((each) => keyOf(each) === keyOf(key));
    return max === 0 ? [] : all.slice(-max);
  }

  keepReceipts(receipts: readonly StoredReceipt[]): Promise<KeptReceipts> {
    return this.#keep(() => {
      const known = receipts.filter((each) => this.#knows(each));
      const kept = known.filter((receipt) => {
        const name = nameOf(receipt);
        const known = this.#receipts.get(name);
        if (known !== undefined && receipt.atMs < known.atMs) return false;
        this.#receipts.set(name, receipt);
        return true;
      });
      return { kept, unknown: receipts.length - known.length };
    });
  }

  receipts(key: BanKey): readonly StoredReceipt[] {
    return [...this.#receipts.values()]
      .filter((each) => keyOf(each) === keyOf(key))
      .sort((left, right) => nameOf(left) < nameOf(right) ? -1 : 1);
  }

  liftedMs(key: BanKey): number | undefined {
    return this.#lifts.get(keyOf(key));
  }

  prune(beforeMs: number, nowMs: number): Promise<boolean> {
    return this.#keep(() => {
      const old = this.#changes.filter(({ atMs }) => atMs < beforeMs)
        .slice(0, STEP);
      this.keptSince = Math.max(this.keptSince, ...old.map(({ seq }) => seq));
      this.#changes = this.#changes.filter((each) => !old.includes(each));
      for (const [name, atMs] of this.#events) {
        if (atMs < beforeMs) this.#events.delete(name);
      }
      for (const [name, atMs] of this.#lifts) {
        if (atMs < nowMs - LIFT_KEEP_MS) this.#lifts.delete(name);
      }
      for (const [name, receipt] of this.#receipts) {
        const isOver = !this.#stands(receipt, nowMs);
        if (receipt.atMs < beforeMs && isOver) this.#receipts.delete(name);
      }
      return old.length === STEP;
    });
  }

  #apply(change: Change): TableStep {
    if (change.kind === "report" && !this.#stands(change, change.atMs)) {
      for (const [name, receipt] of this.#receipts) {
        if (keyOf(receipt) === keyOf(change)) this.#receipts.delete(name);
      }
    }
    if (isOperatorsLift(change)) this.#lifts.set(keyOf(change), change.atMs);
    return this.table.apply(change);
  }

  /** Whether any report of a ban is current at a time. */
  #stands(key: BanKey, nowMs: number): boolean {
    const { reports = [] } = this.table.find(key) ?? {};
    return reports.some(({ expiresMs }) => expiresMs > nowMs);
  }

  #knows(key: BanKey): boolean {
    return this.table.find(key) !== undefined ||
      this.#changes.some((each) => keyOf(each) === keyOf(key));
  }

  #keep<T>(work: () => T): Promise<T> {
    return new Promise((resolve) => {
      if (this.failure !== undefined) throw this.failure;
      resolve(work());
    });
  }
}

function nameOf(receipt: StoredReceipt): string {
  return `${keyOf(receipt)}|${receipt.node}|${receipt.action}`;
}
