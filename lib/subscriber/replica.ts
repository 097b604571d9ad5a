/**
 * A copy of the cluster's bans that keeps up with the publisher's table.
 *
 * The copy receives the stream of changes, which have consecutive numbers. It
 * asks for missing changes after an absence, and when it receives a number that
 * does not follow, a heartbeat with another number than its own, or another
 * epoch. Stream messages that arrive meanwhile wait. The pattern is Clone of
 * the ZeroMQ guide, with two additional checks: for gaps, and for another
 * publisher.
 *
 * | state       | stream: next change | other number | heartbeat with own number | with another | answer       |
 * | ----------- | ------------------- | ------------ | ------------------------- | ------------ | ------------ |
 * | `apart`     | ignored             | ignored      | ignored                   | ignored      | ignored      |
 * | `asking`    | waits               | waits        | ignored                   | ignored      | taken        |
 * | `following` | applied             | asks         | nothing                   | asks         | ignored      |
 *
 * @see {@link https://zguide.zeromq.org/docs/chapter5/ | The guide, chapter 5}
 * @module
 */

import type { Ban, Change } from "../ban/ban.ts";
import type { BanBlock } from "../ban/ban_block.ts";
import { type BanStep, BanTable } from "../ban/ban_table.ts";
import { shiftedColumns } from "../ban/shifted_times.ts";
import type { Epoch } from "../base/ids.ts";
import type { StreamMessage, WireChange } from "../wire/v2_messages.ts";
import type { ReplicaMark, StoredReplica } from "../ban/ban_store.ts";
import type { SyncAnswer, SyncQuestion } from "../wire/v2_messages.ts";
import { localChange } from "../wire/wire_times.ts";

/** Messages of the stream about the table. */
export type TableMessage = Exclude<StreamMessage, { readonly kind: "P" }>;

/** The effect of an event. */
export type ReplicaEffect =
  /** Ask the publisher. */
  | { readonly kind: "ask"; readonly question: SyncQuestion }
  /** The copy applied changes. */
  | {
    readonly kind: "changed";
    readonly changes: readonly Change[];
    readonly steps: readonly BanStep[];
  }
  /** A part of a new copy arrived; call {@link Replica.takePart} next. */
  | {
    readonly kind: "part";
    /** Epoch and number of the new copy. */
    readonly mark: ReplicaMark;
    /** Whether it is the first part. */
    readonly isFirst: boolean;
    readonly block: BanBlock;
    /** How far this host's clock is ahead of the block's, in milliseconds. */
    readonly byMs: number;
  }
  /** The new copy has replaced the old one. */
  | {
    readonly kind: "replaced";
    readonly mark: ReplicaMark;
    /** The differences, made lazily: use them before the copy changes again. */
    readonly steps: Iterable<BanStep>;
  };

/** Counts of a copy's events. */
export interface ReplicaCounters {
  /** Changes applied. */
  changes: number;
  /** Gaps in the numbers. */
  gaps: number;
  /** Complete tables received. */
  snapshots: number;
}

interface PartialSnapshot {
  readonly mark: ReplicaMark;
  readonly table: BanTable;
  nextPart: number;
}

/** A part that is not in its table yet. */
interface UntakenPart {
  readonly block: BanBlock;
  readonly byMs: number;
  readonly isLast: boolean;
}

/** Changes of one stream message, from any publisher. */
type HeardChanges = Pick<TableMessage & { kind: "C" }, "epoch" | "changes">;

type State =
  | { readonly kind: "apart" }
  | {
    readonly kind: "asking";
    readonly waiting: HeardChanges[];
    /** Number of waiting changes. */
    count: number;
  }
  | { readonly kind: "following" };

/** Changes that may wait for an answer; beyond it they are requested again. */
const MAX_WAITING = 100_000;
const NOTHING: readonly ReplicaEffect[] = [];

/** Follows the publisher's table. Times are arguments, by this host's clock. */
export class Replica {
  /** Counts since the start. */
  readonly counters: ReplicaCounters = { changes: 0, gaps: 0, snapshots: 0 };
  #table: BanTable;
  #epoch: Epoch | undefined;
  #state: State = { kind: "apart" };
  #snapshot: PartialSnapshot | undefined;
  #untaken: UntakenPart | undefined;
  /** The number at which the waiting changes last had a gap. */
  #caughtUpTo: number | undefined;

  /**
   * Creates a copy from its stored state.
   *
   * @param stored The stored copy; `undefined`: there is none.
   */
  constructor(stored: StoredReplica | undefined) {
    this.#table = stored?.table ?? new BanTable();
    for (const change of stored?.changes ?? []) this.#table.catchUp(change);
    this.#epoch = stored?.epoch;
  }

  /** The publisher's epoch; `undefined`: it has never answered. */
  get epoch(): Epoch | undefined {
    return this.#epoch;
  }

  /** Number of the last applied change. */
  get seq(): number {
    return this.#table.seq;
  }

  /** Number of bans in the copy. */
  get size(): number {
    return this.#table.size;
  }

  /** Whether it follows the stream without a known gap. */
  get isFollowing(): boolean {
    return this.#state.kind === "following";
  }

  /** The bans of the copy. */
  bans(): Iterable<Ban> {
    return this.#table.bans();
  }

  /** The publisher can be asked now, and the stream is received. */
  connected(): readonly ReplicaEffect[] {
    return this.#ask();
  }

  /** The publisher can't be asked, or the stream is not received. */
  disconnected(): void {
    this.#state = { kind: "apart" };
    this.#snapshot = undefined;
    this.#untaken = undefined;
  }

  /** Handles a message of the stream. */
  receive(message: TableMessage, nowMs: number): readonly ReplicaEffect[] {
    const state = this.#state;
    switch (state.kind) {
      case "apart":
        return NOTHING;
      case "asking":
        if (message.kind === "C") keepWaiting(state, message);
        return NOTHING;
      case "following":
        return message.kind === "C"
          ? this.#follow(message, nowMs)
          : this.#compare(message.epoch, message.seq);
    }
  }

  /**
   * Handles an answer of the publisher. For a part of a snapshot it returns
   * only the next question, so that this is under way while
   * {@link Replica.takePart} works.
   */
  answer(message: SyncAnswer, nowMs: number): readonly ReplicaEffect[] {
    const state = this.#state;
    if (state.kind !== "asking") return NOTHING;
    return message.kind === "SNAPSHOT"
      ? [...this.takePart(), ...this.#addPart(message, state.waiting, nowMs)]
      : this.#applyChanges(message, state.waiting, nowMs);
  }

  /**
   * Adds the last received part to its table; the final one completes the copy.
   */
  takePart(): readonly ReplicaEffect[] {
    const [part, snapshot, state] = [
      this.#untaken,
      this.#snapshot,
      this.#state,
    ];
    this.#untaken = undefined;
    if (part === undefined || snapshot === undefined) return NOTHING;
    const columns = shiftedColumns(part.block.columns, part.byMs);
    snapshot.table.putColumns(columns);
    if (!part.isLast || state.kind !== "asking") return NOTHING;
    this.#snapshot = undefined;
    const replaced = this.#replace(snapshot);
    // The snapshot has only some of the changes made meanwhile: ask for the
    // rest.
    return [...this.#ask(state.waiting), replaced];
  }

  /** Expires bans. */
  expire(nowMs: number): readonly BanStep[] {
    return this.#table.expire(nowMs);
  }

  #ask(waiting: HeardChanges[] = [], part = 0): readonly ReplicaEffect[] {
    this.#state = { kind: "asking", waiting, count: countOf(waiting) };
    const epoch = this.#epoch ?? null;
    const question = { epoch, since: this.#table.seq, part };
    return [{ kind: "ask", question }];
  }

  #follow(
    { epoch, changes }: HeardChanges,
    nowMs: number,
  ): readonly ReplicaEffect[] {
    if (epoch === this.#epoch) {
      const news = changes.filter(({ seq }) => seq > this.#table.seq);
      if (news.length === 0) return NOTHING;
      if (news[0]?.seq === this.#table.seq + 1) {
        return [this.#apply(news, nowMs)];
      }
    }
    this.counters.gaps++;
    return this.#ask([{ epoch, changes }]);
  }

  #compare(epoch: Epoch, seq: number): readonly ReplicaEffect[] {
    if (epoch === this.#epoch && seq === this.#table.seq) return NOTHING;
    if (epoch === this.#epoch && seq > this.#table.seq) this.counters.gaps++;
    return this.#ask();
  }

  #applyChanges(
    { epoch, from, to, seq, changes }: SyncAnswer & { kind: "CHANGES" },
    waiting: HeardChanges[],
    nowMs: number,
  ): readonly ReplicaEffect[] {
    // The answer to an earlier question; that to the last one is yet to come.
    if (epoch !== this.#epoch || from !== this.#table.seq) return NOTHING;
    const applied = changes.length === 0 ? [] : [this.#apply(changes, nowMs)];
    if (to < seq) return [...applied, ...this.#ask(waiting)];
    return [...applied, ...this.#catchUp(waiting, nowMs)];
  }

  #addPart(
    message: SyncAnswer & { kind: "SNAPSHOT" },
    waiting: HeardChanges[],
    nowMs: number,
  ): readonly ReplicaEffect[] {
    const snapshot = this.#snapshotOf(message);
    if (snapshot === undefined) return NOTHING;
    const { block, isLast, part } = message;
    const byMs = nowMs - message.nowMs;
    this.#untaken = { block, byMs, isLast };
    snapshot.nextPart++;
    const { mark } = snapshot;
    const isFirst = part === 0;
    return [
      ...isLast ? [] : this.#ask(waiting, snapshot.nextPart),
      { kind: "part", mark, isFirst, block, byMs },
    ];
  }

  /** The snapshot that a part continues; `undefined`: none. */
  #snapshotOf(
    { epoch, seq, part }: SyncAnswer & { kind: "SNAPSHOT" },
  ): PartialSnapshot | undefined {
    if (part === 0) {
      const [mark, table] = [{ epoch, seq }, new BanTable([], seq)];
      this.#snapshot = { mark, table, nextPart: 0 };
    }
    const under = this.#snapshot;
    const isNext = under !== undefined && under.mark.epoch === epoch &&
      under.mark.seq === seq && under.nextPart === part;
    return isNext ? under : undefined;
  }

  #replace({ mark, table }: PartialSnapshot): ReplicaEffect {
    const before = this.#table;
    this.#epoch = mark.epoch;
    this.#table = table;
    this.counters.snapshots++;
    return { kind: "replaced", mark, steps: stepsBetween(before, table) };
  }

  /** Applies the changes that waited, and follows the stream from there. */
  #catchUp(
    waiting: readonly HeardChanges[],
    nowMs: number,
  ): readonly ReplicaEffect[] {
    this.#state = { kind: "following" };
    const news = waiting.flatMap(({ epoch, changes }) =>
      epoch === this.#epoch
        ? changes.filter(({ seq }) => seq > this.#table.seq)
        : []
    );
    const next: WireChange[] = [];
    for (const change of news) {
      if (change.seq !== this.#table.seq + next.length + 1) break;
      next.push(change);
    }
    const applied = next.length === 0 ? [] : [this.#apply(next, nowMs)];
    const rest = news.slice(next.length);
    if (rest.length === 0 || this.#epoch === undefined) return applied;
    this.counters.gaps++;
    const waitsOn = this.#hasComeOn()
      ? [{ epoch: this.#epoch, changes: rest }]
      : [];
    return [...applied, ...this.#ask(waitsOn)];
  }

  /**
   * Whether the copy has advanced since the last gap. If not, the waiting
   * changes are not this publisher's, and are dropped.
   */
  #hasComeOn(): boolean {
    const { seq } = this.#table;
    const hasComeOn = seq !== this.#caughtUpTo;
    this.#caughtUpTo = seq;
    return hasComeOn;
  }

  #apply(wire: readonly WireChange[], nowMs: number): ReplicaEffect {
    const changes = wire.map((change) => localChange(change, nowMs));
    const steps = changes.map((change) => this.#table.catchUp(change));
    this.counters.changes += changes.length;
    return { kind: "changed", changes, steps };
  }
}

/** The steps that lead from one table to another. */
function* stepsBetween(
  before: BanTable,
  after: BanTable,
): Generator<BanStep, void, undefined> {
  const isNew = before.size === 0;
  for (const ban of after.bans()) {
    yield { before: isNew ? undefined : before.find(ban), after: ban };
  }
  for (const ban of before.bans()) {
    if (after.find(ban) === undefined) yield { before: ban, after: undefined };
  }
}

function keepWaiting(
  state: State & { kind: "asking" },
  { epoch, changes }: HeardChanges,
): void {
  if (state.count >= MAX_WAITING) {
    state.waiting.length = 0;
    state.count = 0;
  }
  state.waiting.push({ epoch, changes });
  state.count += changes.length;
}

function countOf(waiting: readonly HeardChanges[]): number {
  return waiting.reduce((count, { changes }) => count + changes.length, 0);
}
