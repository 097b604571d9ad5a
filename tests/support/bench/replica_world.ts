/**
 * A publisher's table and copies of it, with a network between them that loses
 * what a test says.
 *
 * @module
 */

import type { Ban, Change } from "../../../lib/ban/ban.ts";
import type { ReplicaMark } from "../../../lib/ban/ban_store.ts";
import { bansOf } from "../../../lib/ban/ban_columns.ts";
import { decide, type TableEvent } from "../../../lib/ban/ban_decision.ts";
import { shiftedColumns } from "../../../lib/ban/shifted_times.ts";
import { BanTable } from "../../../lib/ban/ban_table.ts";
import type { Epoch, SessionId } from "../../../lib/base/ids.ts";
import {
  Replica,
  type ReplicaEffect,
  type TableMessage,
} from "../../../lib/subscriber/replica.ts";
import { type SyncAnswer, type SyncQuestion } from "../../../lib/wire/sync.ts";
import { SyncServer } from "../../../lib/publisher/sync_server.ts";
import { wireChange } from "../../../lib/wire/wire_times.ts";

const PART_BANS = 3;
const CHANGES_AT_ONCE = 4;
const MANY_CHANGES = 12;
/** Older changes are forgotten, as by pruning. */
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

/** A copy, what it keeps on its disk, and what is on the way to it. */
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

  /** Keeps what the replica took, and gives what it asks. */
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
          if (isFirst) this.#begun = { ...mark, bans: [], changes: [] };
          const columns = shiftedColumns(block.columns, byMs);
          this.#begun?.bans.push(...bansOf(columns));
          return [];
        }
        case "replaced":
          this.#disk = this.#begun;
          return [];
      }
    });
  }

  /** Ends the program; the next one has what is on the disk. */
  restart(): void {
    this.replica = new Replica(this.#disk);
  }
}

interface DiskCopy extends ReplicaMark {
  readonly bans: Ban[];
  readonly changes: Change[];
}

/** Changes what a copy hears, as a bug in it would. */
export type Plant = (
  message: TableMessage,
  replica: Replica,
) => TableMessage | undefined;

/** The publisher, the copies and the network. */
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
   * Somebody reports, withdraws or lifts.
   *
   * @param isLast Whether it is told, with those before that were not.
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

  /** The publisher ends; a new one has the same store, or one of its own. */
  restartPublisher(loses: boolean): void {
    this.#tellChanges();
    for (const copy of this.copies) this.disconnect(copy);
    if (loses) this.publisher = new WorldPublisher(epochOf(++this.#epochs));
  }

  /** Messages of the stream get lost on their way. */
  lose(copy: WorldCopy, count: number): void {
    copy.stream.splice(0, count);
  }

  /** The next message of the stream, or the next answer, arrives. */
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

  /** Everybody is connected, everything arrives, nothing gets lost. */
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
