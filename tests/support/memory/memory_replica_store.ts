import type { Change } from "../../../lib/ban/ban.ts";
import type { BanBlock } from "../../../lib/ban/ban_block.ts";
import type { BanBlockColumns } from "../../../lib/ban/ban_columns.ts";
import type {
  ReplicaMark,
  ReplicaStore,
  StoredReplica,
} from "../../../lib/ban/ban_store.ts";
import type { RuntimeError } from "../../../lib/base/errors.ts";
import { shiftedColumns } from "../../../lib/ban/shifted_times.ts";

interface Copy extends ReplicaMark {
  readonly blocks: BanBlockColumns[];
  readonly changes: Change[];
}

/** A subscriber's copy that is lost with the process; fails when a test says so. */
export class MemoryReplicaStore implements ReplicaStore {
  /** What all that would keep something is refused with. */
  failure: RuntimeError | undefined;
  #whole: Copy | undefined;
  #begun: Copy | undefined;

  load(): StoredReplica | undefined {
    return this.#whole;
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
    this.#begun = { ...mark, blocks: [], changes: [] };
  }

  stage(block: BanBlock, byMs: number): void {
    if (this.failure !== undefined) throw this.failure;
    if (this.#begun === undefined) throw new RangeError("none was begun");
    this.#begun.blocks.push(shiftedColumns(block.columns, byMs));
  }

  commit(): void {
    if (this.failure !== undefined) throw this.failure;
    if (this.#begun === undefined) throw new RangeError("none was begun");
    this.#whole = this.#begun;
    this.#begun = undefined;
  }
}
