import type { Change } from "../../../lib/ban/ban.ts";
import type { BanBlock } from "../../../lib/ban/ban_block.ts";
import type { BanBlockColumns } from "../../../lib/ban/ban_columns.ts";
import { BanTable } from "../../../lib/ban/ban_table.ts";
import type {
  ReplicaMark,
  ReplicaStore,
  StoredReplica,
} from "../../../lib/ban/ban_store.ts";
import type { RuntimeError } from "../../../lib/base/errors.ts";
import { shiftedColumns } from "../../../lib/ban/shifted_times.ts";

interface Copy extends ReplicaMark {
  readonly bans: BanBlockColumns[];
  readonly changes: Change[];
}

/** A subscriber's replica in memory, which can fail. */
export class MemoryReplicaStore implements ReplicaStore {
  /** An error to reject all writes with. */
  failure: RuntimeError | undefined;
  #whole: Copy | undefined;
  #begun: Copy | undefined;

  load(byMs = 0): StoredReplica | undefined {
    if (this.#whole === undefined) return undefined;
    const { bans, ...copy } = this.#whole;
    const table = new BanTable([], copy.seq);
    for (const block of bans) table.putColumns(shiftedColumns(block, byMs));
    return { ...copy, table };
  }

  append(changes: readonly Change[]): void {
    if (this.failure !== undefined) throw this.failure;
    const [first] = changes;
    if (first === undefined) return;
    changes.forEach(({ seq }, at) => {
      if (seq !== first.seq + at) throw new RangeError(`seq ${seq}`);
    });
    const followed = [this.#whole, this.#begun].filter((copy) =>
      copy !== undefined && copy.seq + copy.changes.length + 1 === first.seq
    );
    if (followed.length === 0) throw new RangeError(`seq ${first.seq}`);
    for (const copy of followed) copy?.changes.push(...changes);
  }

  begin(mark: ReplicaMark): void {
    if (this.failure !== undefined) throw this.failure;
    this.#begun = { ...mark, bans: [], changes: [] };
  }

  stage(block: BanBlock, byMs: number): void {
    if (this.failure !== undefined) throw this.failure;
    if (this.#begun === undefined) throw new RangeError("none was begun");
    this.#begun.bans.push(shiftedColumns(block.columns, byMs));
  }

  commit(): void {
    if (this.failure !== undefined) throw this.failure;
    if (this.#begun === undefined) throw new RangeError("none was begun");
    this.#whole = this.#begun;
    this.#begun = undefined;
  }
}
