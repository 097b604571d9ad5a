/**
 * A publisher's table and replicas of it, with a network that loses the
 * messages a test chooses.
 *
 * @module
 */

import type { Change } from "../../../lib/ban/ban.ts";
import type { ReplicaMark, StoredReplica } from "../../../lib/ban/ban_store.ts";
import type { BanBlockColumns } from "../../../lib/ban/ban_columns.ts";
import { decide, type TableEvent } from "../../../lib/ban/ban_decision.ts";
import { shiftedColumns } from "../../../lib/ban/shifted_times.ts";
import { BanTable } from "../../../lib/ban/ban_table.ts";
import type { Epoch, SessionId } from "../../../lib/base/ids.ts";
import {
  Replica,
  type ReplicaEffect,
  type TableMessage,
} from "../../../lib/subscriber/replica.ts";
import {
  type SyncAnswer,
  type SyncQuestion,
} from "../../../lib/wire/v2_messages.ts";
import { SyncServer } from "../../../lib/publisher/sync_server.ts";
import { wireChange } from "../../../lib/wire/wire_times.ts";

const PART_BANS = 3;
const CHANGES_AT_ONCE = 4;
const MANY_CHANGES = 12;
/** Number of changes kept; older ones are pruned. */
const KEPT_CHANGES = 20;

/** The publisher, in memory. */
class WorldPublisher {
  readonly table = new BanTable();
  readonly history: Change[] = [];
  readonly desk: SyncServer;

  constructor(readonly epoch: Epoch) {
    const { table, history } = this;
    this.desk = new SyncServer({
      source: {
        epoch,
        get seq() {
          return table.seq;
        },
        get size() {
          return table.size;
        },
        get keptSince() {
          return (history[0]?.seq ?? table.seq + 1) - 1;
        },
        columns: (max) => table.columns(max),
        since: (seq, max) =>
          history.filter((change) => change.seq > seq).slice(0, max),
      },
      maxBans: PART_BANS,
      maxChanges: CHANGES_AT_ONCE,
      manyChanges: MANY_CHANGES,
    });
  }

  take(event: TableEvent, nowMs: number): Change | undefined {
    const decision = decide(this.table.find(event), event, nowMs);
    if (decision.kind !== "change") return undefined;
    const change = { ...decision.draft, seq: this.table.seq + 1 };
    this.table.apply(change);
    this.history.push(change);
    if (this.history.length > KEPT_CHANGES) this.history.shift();
    return change;
  }
}

/** A replica, its disk, and the messages in transit to it. */
export class WorldCopy {
  replica = new Replica(undefined);
  readonly stream: TableMessage[] = [];
  readonly answers: SyncAnswer[] = [];
  isConnected = false;
  session: SessionId;
  readonly #skewMs: number;
  #disk: DiskCopy | undefined;
  #begun: DiskCopy | undefined;

  /** @param skewMs How far its clock is ahead of the publisher's. */
  constructor(index: number, skewMs: number) {
    this.#skewMs = skewMs;
    this.session = `${index}` as SessionId;
  }

  /** This host's time. */
  localMs(nowMs: number): number {
    return nowMs + this.#skewMs;
  }

  /** Stores the replica's effects, and returns its questions. */
  keep(effects: readonly ReplicaEffect[]): readonly SyncQuestion[] {
    return effects.flatMap((effect) => {
      switch (effect.kind) {
        case "ask":
          return [effect.question];
        case "changed":
          this.#disk?.changes.push(...effect.changes);
          return [];
        case "part": {
          const { mark, isFirst, block, byMs } = effect;
          if (isFirst) this.#begun = { ...mark, blocks: [], changes: [] };
          this.#begun?.blocks.push(shiftedColumns(block.columns, byMs));
          return [];
        }
        case "replaced":
          this.#disk = this.#begun;
          return [];
      }
    });
  }

  /** Restarts the program with the content of the disk. */
  restart(): void {
    this.replica = new Replica(this.#disk && copyOn(this.#disk));
  }
}

/** The replica that a starting program reads. */
function copyOn({ epoch, seq, blocks, changes }: DiskCopy): StoredReplica {
  const table = new BanTable([], seq);
  for (const columns of blocks) table.putColumns(columns);
  return { epoch, seq, table, changes };
}

interface DiskCopy extends ReplicaMark {
  readonly blocks: BanBlockColumns[];
  readonly changes: Change[];
}

/** Modifies received messages, like a bug would. */
export type Plant = (
  message: TableMessage,
  replica: Replica,
) => TableMessage | undefined;

/** The publisher, the replicas and the network. */
export class ReplicaWorld {
  nowMs = 1_000_000;
  publisher = new WorldPublisher(epochOf(0));
  readonly copies: readonly WorldCopy[];
  readonly #plant: Plant;
  readonly #untold: Change[] = [];
  #epochs = 0;

  constructor(copies: number, plant: Plant = (message) => message) {
    this.copies = Array.from(
      { length: copies },
      (_, index) => new WorldCopy(index, index * 3_600_000),
    );
    this.#plant = plant;
  }

  /**
   * Applies a report, withdrawal or lift.
   *
   * @param isLast Whether to send it, with all earlier unsent ones.
   */
  take(event: TableEvent, isLast = true): void {
    const change = this.publisher.take(event, this.nowMs);
    if (change !== undefined) this.#untold.push(change);
    if (isLast) this.#tellChanges();
  }

  #tellChanges(): void {
    const changes = this.#untold.map((each) => wireChange(each, this.nowMs));
    this.#untold.length = 0;
    if (changes.length === 0) return;
    this.#tell({ kind: "C", epoch: this.publisher.epoch, changes });
  }

  beat(): void {
    this.#tellChanges();
    const { epoch, table } = this.publisher;
    this.#tell({ kind: "H", epoch, seq: table.seq, revision: 0 });
  }

  wait(ms: number): void {
    this.nowMs += ms;
    this.publisher.table.expire(this.nowMs);
    for (const copy of this.copies) {
      copy.replica.expire(copy.localMs(this.nowMs));
    }
  }

  connect(copy: WorldCopy): void {
    if (copy.isConnected) return;
    copy.isConnected = true;
    this.#ask(copy, copy.keep(copy.replica.connected()));
  }

  disconnect(copy: WorldCopy): void {
    copy.isConnected = false;
    copy.stream.length = 0;
    copy.answers.length = 0;
    copy.replica.disconnected();
    this.publisher.desk.leave(copy.session);
  }

  restart(copy: WorldCopy): void {
    this.disconnect(copy);
    copy.restart();
  }

  /** Restarts the publisher, with the same store or a new one. */
  restartPublisher(loses: boolean): void {
    this.#tellChanges();
    for (const copy of this.copies) this.disconnect(copy);
    if (loses) this.publisher = new WorldPublisher(epochOf(++this.#epochs));
  }

  /** Loses messages of the stream. */
  lose(copy: WorldCopy, count: number): void {
    copy.stream.splice(0, count);
  }

  /** Delivers the next message of the stream, or the next answer. */
  deliver(copy: WorldCopy, what: "stream" | "answer"): void {
    const localMs = copy.localMs(this.nowMs);
    const { replica } = copy;
    if (what === "answer") {
      const answer = copy.answers.shift();
      if (answer === undefined) return;
      this.#ask(copy, copy.keep(replica.answer(answer, localMs)));
      this.#ask(copy, copy.keep(replica.takePart()));
      return;
    }
    const heard = copy.stream.shift();
    const message = heard && this.#plant(heard, replica);
    if (message === undefined) return;
    this.#ask(copy, copy.keep(replica.receive(message, localMs)));
  }

  /** Connects all, delivers everything, and loses nothing. */
  settle(): void {
    for (const copy of this.copies) this.connect(copy);
    for (let round = 0; round < 3; round++) {
      this.beat();
      for (const copy of this.copies) {
        for (let step = 0; step < 1_000; step++) {
          if (copy.stream.length + copy.answers.length === 0) break;
          this.deliver(copy, copy.answers.length > 0 ? "answer" : "stream");
        }
      }
    }
  }

  #tell(message: TableMessage): void {
    for (const copy of this.copies) {
      if (copy.isConnected) copy.stream.push(message);
    }
  }

  #ask(copy: WorldCopy, questions: readonly SyncQuestion[]): void {
    for (const question of questions) {
      const { desk } = this.publisher;
      const answer = desk.answer(copy.session, question, this.nowMs);
      if (answer.kind === "SNAPSHOT" || answer.kind === "CHANGES") {
        copy.answers.push(answer);
      }
    }
  }
}

function epochOf(index: number): Epoch {
  return String(index).padStart(32, "0") as Epoch;
}
