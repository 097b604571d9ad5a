/**
 * The subscriber's side of protocol 2: keeps a copy of the cluster's bans up
 * with the publisher's, on its disk as well, and hands over what changes.
 *
 * @module
 */

import type { BanNews } from "./ban_event.ts";
import type { BanStep } from "./ban_table.ts";
import type { StreamMessage } from "./cluster_messages.ts";
import type { ReplicaStore } from "./cluster_ports.ts";
import { Complaints } from "./complaints.ts";
import type { ControlSession } from "./control_session.ts";
import { RuntimeError } from "./errors.ts";
import type { HostName } from "./host_name.ts";
import type { Clock, Log } from "./ports.ts";
import type { ReceiptBox } from "./receipt_box.ts";
import { Replica, type ReplicaEffect, type SyncAnswer } from "./replica.ts";
import { newsOf, newsOfAll } from "./replica_news.ts";
import type { StatusFigures } from "./status_report.ts";
import type { StreamEar } from "./stream_ear.ts";
import { SyncTalk } from "./sync_talk.ts";
import { Condition, runTogether } from "./tasks.ts";

/** What a client is made of. */
export interface ReplicaClientOptions {
  /** Converses with the publisher; nobody else runs it. */
  readonly session: ControlSession;
  /** Hears the publisher's stream; nobody else runs it. */
  readonly ear: StreamEar;
  /** Keeps the copy on this host's disk. */
  readonly store: ReplicaStore;
  /** What is to be told about what became of bans; nobody else takes out. */
  readonly receipts: ReceiptBox;
  /** Time. */
  readonly clock: Clock;
  /** Where to tell. */
  readonly log: Log;
  /** This node's name. */
  readonly hostName: HostName;
  /** Takes what is to be made true, in order; resolves when there is room for more. */
  readonly onNews: (
    news: readonly BanNews[],
    signal: AbortSignal,
  ) => Promise<void>;
}

/** What may wait to be taken: above it the stream is not heard, and libzmq keeps, then drops. */
const MAX_INBOX = 10_000;
const EXPIRE_EVERY_MS = 1_000;
/** A disk that can't take the copy is tried again so often, in milliseconds. */
const STORE_AGAIN_MS = 30_000;

type Incoming =
  | { readonly kind: "heard"; readonly message: StreamMessage }
  | { readonly kind: "answer"; readonly message: SyncAnswer };

/**
 * Keeps the copy.
 *
 * @example
 * ```ts ignore
 * const client = new ReplicaClient({ session, ear, store, onNews, ...others });
 * client.news(); // what the disk has from before
 * await client.run(signal);
 * client.figures; // { following: true, seq: 5, bans: 3, ... }
 * ```
 */
export class ReplicaClient {
  readonly #options: ReplicaClientOptions;
  readonly #replica: Replica;
  readonly #talk: SyncTalk;
  readonly #complaints: Complaints;
  readonly #changed = new Condition();
  #inbox: Incoming[] = [];
  /** Since when the disk lacks something; `undefined`: it has all. */
  #storeAgainAtMs: number | undefined;

  /**
   * Makes a client of the stored copy; it connects once it runs.
   *
   * @param options What the client is made of.
   * @throws {RuntimeError} when the stored copy can't be read.
   */
  constructor(options: ReplicaClientOptions) {
    this.#options = options;
    const { store, session, receipts, clock, log } = options;
    this.#replica = new Replica(store.load());
    this.#talk = new SyncTalk({
      session,
      receipts,
      clock,
      onBegin: () => this.#ask(this.#replica.connected()),
      onAnswer: (message) => this.#put({ kind: "answer", message }),
      onEnd: () => this.#replica.disconnected(),
    });
    this.#complaints = new Complaints({
      log,
      clock,
      trouble: "the copy can't be kept on disk, and is tried again",
      over: "the copy is on disk again",
    });
  }

  /** All that the copy holds and that counts here. */
  news(): readonly BanNews[] {
    return newsOfAll(this.#replica.bans(), this.#options.hostName);
  }

  /** How the copy is, for `status`. */
  get figures(): StatusFigures {
    const { session, ear, receipts } = this.#options;
    const { isFollowing, epoch, seq, size, counters } = this.#replica;
    return {
      following: isFollowing && ear.hears,
      publisherAnswers: session.reachable,
      epoch: epoch ?? "none",
      seq,
      bans: size,
      ...counters,
      notUnderstood: ear.rejected,
      receiptsWaiting: receipts.size,
      receiptsDropped: receipts.dropped,
      onDisk: this.#storeAgainAtMs === undefined,
    };
  }

  /**
   * Resolves once there is a copy, were it an old one.
   *
   * @param signal Ends the wait; the promise then rejects with its reason.
   */
  async whenKnown(signal: AbortSignal): Promise<void> {
    while (this.#replica.epoch === undefined) await this.#changed.wait(signal);
  }

  /**
   * Keeps the copy until aborted.
   *
   * @param signal Ends it; the promise then resolves.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { ear } = this.#options;
    try {
      await runTogether(signal, [
        (group) =>
          ear.run(group, (message, ended) => this.#hear(message, ended)),
        (group) => this.#talk.run(group),
        (group) => this.#work(group),
        (group) => this.#tick(group),
      ]);
    } finally {
      this.#complaints.flush();
    }
  }

  async #hear(message: StreamMessage, signal: AbortSignal): Promise<void> {
    while (this.#inbox.length >= MAX_INBOX) await this.#changed.wait(signal);
    this.#put({ kind: "heard", message });
  }

  #put(incoming: Incoming): void {
    this.#inbox.push(incoming);
    this.#changed.notify();
  }

  /** One after the other: what is kept and handed over is in the table's order. */
  async #work(signal: AbortSignal): Promise<void> {
    while (true) {
      while (this.#inbox.length === 0) await this.#changed.wait(signal);
      const inbox = this.#inbox;
      this.#inbox = [];
      for (const incoming of inbox) await this.#take(incoming, signal);
      this.#changed.notify();
    }
  }

  async #take(incoming: Incoming, signal: AbortSignal): Promise<void> {
    const nowMs = this.#options.clock.nowMs();
    const effects = incoming.kind === "heard"
      ? this.#replica.hear(incoming.message, nowMs)
      : this.#replica.answer(incoming.message, nowMs);
    for (const effect of effects) await this.#carryOut(effect, signal);
    if (incoming.kind === "answer") {
      this.#talk.answered(effects.length > 0 || this.#replica.isFollowing);
    }
  }

  async #carryOut(effect: ReplicaEffect, signal: AbortSignal): Promise<void> {
    const { store, clock } = this.#options;
    switch (effect.kind) {
      case "ask":
        this.#talk.ask(effect.question);
        return;
      case "changed":
        if (this.#storeAgainAtMs === undefined) {
          this.#store(() => store.append(effect.changes, clock.nowMs()));
        }
        await this.#handOver(effect.steps, signal);
        return;
      case "replaced":
        this.#store(() => store.replace(effect.replica));
        this.#tellReplaced(effect.replica.seq, effect.replica.bans.length);
        await this.#handOver(effect.steps, signal);
        return;
    }
  }

  #ask(effects: readonly ReplicaEffect[]): void {
    for (const effect of effects) {
      if (effect.kind === "ask") this.#talk.ask(effect.question);
    }
  }

  #tellReplaced(seq: number, bans: number): void {
    this.#options.log.record("info", "took the whole table over", {
      seq,
      bans,
    });
  }

  async #handOver(
    steps: readonly BanStep[],
    signal: AbortSignal,
  ): Promise<void> {
    const { hostName, onNews } = this.#options;
    const news = steps.flatMap((step) => newsOf(step, hostName));
    if (news.length > 0) await onNews(news, signal);
  }

  /** A disk that fails holds nothing back: the publisher has the table. */
  #store(change: () => void): void {
    const { clock } = this.#options;
    try {
      change();
      this.#storeAgainAtMs = undefined;
      this.#complaints.end();
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      this.#storeAgainAtMs = clock.monotonicMs() + STORE_AGAIN_MS;
      this.#complaints.tell(error.message);
    }
  }

  async #tick(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (true) {
      await clock.delay(EXPIRE_EVERY_MS, signal);
      await this.#handOver(this.#replica.expire(clock.nowMs()), signal);
      const dueMs = this.#storeAgainAtMs ?? Infinity;
      if (clock.monotonicMs() >= dueMs) this.#storeAll();
    }
  }

  #storeAll(): void {
    const { epoch, seq } = this.#replica;
    if (epoch === undefined) return;
    const bans = [...this.#replica.bans()];
    this.#store(() => this.#options.store.replace({ epoch, seq, bans }));
  }
}
