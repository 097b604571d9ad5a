/**
 * A copy of the cluster's bans that keeps up with the publisher's table.
 *
 * The copy hears the stream of changes, each with the next number. Whoever was
 * away asks for what it missed, and so does who hears a number that does not
 * follow, a heartbeat with another number than its own, or another epoch. What
 * the stream tells meanwhile waits. The pattern is Clone of the ZeroMQ guide,
 * with the two checks that it lacks: for gaps, and for another publisher.
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

import { type Ban, type Change, keyOf } from "../ban/ban.ts";
import { type BanStep, BanTable } from "../ban/ban_table.ts";
import type { Epoch } from "../base/ids.ts";
import type { StreamMessage, WireChange } from "../wire/v2_messages.ts";
import type { StoredReplica } from "../ban/ban_store.ts";
import type { SyncAnswer, SyncQuestion } from "../wire/sync.ts";
import { hostBan, localChange } from "../wire/wire_times.ts";

/** What the stream tells of the table. */
export type TableMessage = Exclude<StreamMessage, { readonly kind: "P" }>;

/** What follows from an event. */
export type ReplicaEffect =
  /** Ask the publisher. */
  | { readonly kind: "ask"; readonly question: SyncQuestion }
  /** The copy took changes. */
  | {
    readonly kind: "changed";
    readonly changes: readonly Change[];
    readonly steps: readonly BanStep[];
  }
  /** The copy is another one now. */
  | {
    readonly kind: "replaced";
    readonly replica: StoredReplica;
    readonly steps: readonly BanStep[];
  };

/** What a copy has met so far. */
export interface ReplicaCounters {
  /** Changes taken. */
  changes: number;
  /** Times that numbers did not follow each other. */
  gaps: number;
  /** Whole tables taken over. */
  snapshots: number;
}

interface PartialSnapshot {
  readonly epoch: Epoch;
  readonly seq: number;
  readonly bans: Ban[];
  nextPart: number;
}

/** Changes that the stream told together, of whichever publisher. */
type HeardChanges = Pick<TableMessage & { kind: "C" }, "epoch" | "changes">;

type State =
  | { readonly kind: "apart" }
  | {
    readonly kind: "asking";
    readonly waiting: HeardChanges[];
    /** Changes that wait. */
    count: number;
  }
  | { readonly kind: "following" };

/** Changes that may wait for an answer; above it they are asked for anew. */
const MAX_WAITING = 100_000;
const NOTHING: readonly ReplicaEffect[] = [];

/** Follows the publisher's table. Time is an argument, by this host's clock. */
export class Replica {
  /** What happened so far. */
  readonly counters: ReplicaCounters = { changes: 0, gaps: 0, snapshots: 0 };
  #table: BanTable;
  #epoch: Epoch | undefined;
  #state: State = { kind: "apart" };
  #snapshot: PartialSnapshot | undefined;
  /** The number when what waited last had a gap. */
  #caughtUpTo: number | undefined;

  /**
   * Makes a copy of what is there already.
   *
   * @param stored The copy as it was left; `undefined`: there is none yet.
   */
  constructor(stored: StoredReplica | undefined) {
    this.#table = new BanTable(stored?.bans, stored?.seq);
    this.#epoch = stored?.epoch;
  }

  /** The publisher's epoch; `undefined`: there was never an answer. */
  get epoch(): Epoch | undefined {
    return this.#epoch;
  }

  /** The last number that was taken. */
  get seq(): number {
    return this.#table.seq;
  }

  /** Bans in the copy. */
  get size(): number {
    return this.#table.size;
  }

  /** Whether it keeps up, as far as it knows. */
  get isFollowing(): boolean {
    return this.#state.kind === "following";
  }

  /** The bans of the copy. */
  bans(): Iterable<Ban> {
    return this.#table.bans();
  }

  /** The publisher can be asked, after the stream is heard. */
  connected(): readonly ReplicaEffect[] {
    return this.#ask();
  }

  /** The publisher can't be asked, or the stream is not heard. */
  disconnected(): void {
    this.#state = { kind: "apart" };
    this.#snapshot = undefined;
  }

  /** Takes what the stream tells. */
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

  /** Takes an answer of the publisher. */
  answer(message: SyncAnswer, nowMs: number): readonly ReplicaEffect[] {
    const state = this.#state;
    if (state.kind !== "asking") return NOTHING;
    return message.kind === "SNAPSHOT"
      ? this.#addPart(message, state.waiting, nowMs)
      : this.#applyChanges(message, state.waiting, nowMs);
  }

  /** Lets time pass: bans end by themselves. */
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
    // The answer to an earlier question: the one to the last is yet to come.
    if (epoch !== this.#epoch || from !== this.#table.seq) return NOTHING;
    const applied = changes.length === 0 ? [] : [this.#apply(changes, nowMs)];
    if (to < seq) return [...applied, ...this.#ask(waiting)];
    return [...applied, ...this.#catchUp(waiting, nowMs)];
  }

  #addPart(
    part: SyncAnswer & { kind: "SNAPSHOT" },
    waiting: HeardChanges[],
    nowMs: number,
  ): readonly ReplicaEffect[] {
    const snapshot = this.#snapshotOf(part);
    if (snapshot === undefined) return NOTHING;
    for (const ban of part.bans) snapshot.bans.push(hostBan(ban, nowMs));
    snapshot.nextPart++;
    if (!part.isLast) return this.#ask(waiting, snapshot.nextPart);
    this.#snapshot = undefined;
    return [this.#replace(snapshot), ...this.#catchUp(waiting, nowMs)];
  }

  /** The snapshot that a part belongs to; `undefined`: to none that is wanted. */
  #snapshotOf(
    { epoch, seq, part }: SyncAnswer & { kind: "SNAPSHOT" },
  ): PartialSnapshot | undefined {
    if (part === 0) this.#snapshot = { epoch, seq, bans: [], nextPart: 0 };
    const under = this.#snapshot;
    const isNext = under !== undefined && under.epoch === epoch &&
      under.seq === seq && under.nextPart === part;
    return isNext ? under : undefined;
  }

  #replace({ epoch, seq, bans }: PartialSnapshot): ReplicaEffect {
    const before = new Map(this.#bansByKey());
    this.#epoch = epoch;
    this.#table = new BanTable(bans, seq);
    this.counters.snapshots++;
    const steps: BanStep[] = bans.map((after) => {
      const key = keyOf(after);
      const step = { before: before.get(key), after };
      before.delete(key);
      return step;
    });
    for (const gone of before.values()) {
      steps.push({ before: gone, after: undefined });
    }
    return { kind: "replaced", replica: { epoch, seq, bans }, steps };
  }

  *#bansByKey(): Generator<readonly [string, Ban]> {
    for (const ban of this.#table.bans()) yield [keyOf(ban), ban];
  }

  /** Applies what the stream told meanwhile, and follows it from there. */
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

  /** What an answer does not lead to is none of this publisher's: it waits no more. */
  #hasComeOn(): boolean {
    const { seq } = this.#table;
    const hasComeOn = seq !== this.#caughtUpTo;
    this.#caughtUpTo = seq;
    return hasComeOn;
  }

  #apply(wire: readonly WireChange[], nowMs: number): ReplicaEffect {
    const changes = wire.map((change) => localChange(change, nowMs));
    const steps = changes.map((change) => this.#table.apply(change));
    this.counters.changes += changes.length;
    return { kind: "changed", changes, steps };
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
