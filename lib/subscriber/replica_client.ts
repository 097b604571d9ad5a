/**
 * The subscriber's side of protocol 2: keeps a copy of the cluster's bans up
 * with the publisher's, on its disk as well, and hands over what changes.
 *
 * @module
 */

import { AllowlistCheck } from "./allowlist_check.ts";
import type { Epoch } from "../base/ids.ts";
import type { BanUpdate } from "../ban/ban_event.ts";
import type { StreamMessage } from "../wire/v2_messages.ts";
import type { ReplicaStore } from "../ban/ban_store.ts";
import type { ControlClient } from "../client/control_client.ts";
import { sameHost } from "../base/host_name.ts";
import { mergedEffects } from "./merged_effects.ts";
import type { Log } from "../log/log.ts";
import type { ReceiptQueue } from "./receipt_queue.ts";
import { Replica, type ReplicaEffect, type TableMessage } from "./replica.ts";
import type { SyncAnswer } from "../wire/v2_messages.ts";
import { ReplicaDisk } from "./replica_disk.ts";
import { type ActedOn, updatesOfAll } from "./ban_updates.ts";
import type { StatusFigures } from "../service/status_report.ts";
import type { SteadyClock } from "../async/steady_clock.ts";
import type { StreamListener } from "./stream_listener.ts";
import { type HandoverOptions, StepHandover } from "./step_handover.ts";
import { SyncClient } from "./sync_client.ts";
import { Condition, inTime, runTogether } from "../async/tasks.ts";

/** How a copy is. */
export interface ReplicaFacts {
  /** Whether there is a copy, even an old one. */
  readonly isKnown: boolean;
  readonly isFollowing: boolean;
  /** Whether all of it is on the disk. */
  readonly isCopyKept: boolean;
  /** Times that changes were missed. */
  readonly gaps: number;
  /** Whole tables taken over. */
  readonly snapshots: number;
}

/** Options for the client of a copy. */
export interface ReplicaClientOptions extends HandoverOptions {
  /** The session with the publisher; nobody else runs it. */
  readonly session: ControlClient;
  /** Receives the publisher's stream; nobody else runs it. */
  readonly listener: StreamListener;
  /** Keeps the copy on this host's disk. */
  readonly store: ReplicaStore;
  /** Receipts to be sent; nobody else takes them out. */
  readonly receipts: ReceiptQueue;
  /** The process's one steady clock: the copy and the updates are in its time, the disk in the system's. */
  readonly clock: SteadyClock;
  readonly log: Log;
  /** Called when the whole table was taken over: the publisher may not know what is in force here. */
  readonly onReplaced?: () => void;
}

/** How far a copy is. */
export interface ReplicaProgress {
  /** Of which epoch it is; `null`: there is none yet. */
  readonly epoch: Epoch | null;
  /** The last number that it has taken. */
  readonly seq: number;
  /** Whether it follows the stream, without a gap. */
  readonly isFollowing: boolean;
}

/** Limit of changes and messages that wait: from it on the stream is not received; libzmq queues, then drops. */
const MAX_INBOX = 10_000;
/** So long the publisher is waited for before an old copy counts, in milliseconds. */
const CATCH_UP_TIMEOUT_MS = 5_000;
/** Interval between looks for bans that have ended. */
const EXPIRY_INTERVAL_MS = 1_000;

type HeardProbe = Extract<StreamMessage, { readonly kind: "P" }>;
type Incoming =
  | { readonly kind: "heard"; readonly message: TableMessage }
  | { readonly kind: "probe"; readonly message: HeardProbe }
  | { readonly kind: "answer"; readonly message: SyncAnswer }
  | { readonly kind: "tick" }
  /** The next step of storing the whole. */
  | { readonly kind: "store" };

/**
 * Keeps the copy.
 *
 * @example
 * ```ts ignore
 * const client = new ReplicaClient({ session, listener, store, onUpdates, ...others });
 * client.updates(); // what the disk has from before
 * await client.run(signal);
 * client.figures; // { following: true, seq: 5, bans: 3, ... }
 * ```
 */
export class ReplicaClient {
  readonly #options: ReplicaClientOptions;
  readonly #disk: ReplicaDisk;
  readonly #replica: Replica;
  readonly #syncClient: SyncClient;
  readonly #allowlist: AllowlistCheck;
  readonly #changed = new Condition();
  readonly #handover: StepHandover;
  #inbox: Incoming[] = [];
  /** Messages and changes in it. */
  #inboxSize = 0;

  /**
   * Makes a client of the stored copy; it connects once it runs.
   *
   * @param options Where the copy comes from and goes to.
   * @throws {RuntimeError} when the stored copy can't be read.
   */
  constructor(options: ReplicaClientOptions) {
    this.#options = options;
    const { session, receipts, clock } = options;
    this.#disk = new ReplicaDisk(options);
    this.#handover = new StepHandover(options);
    this.#replica = new Replica(this.#disk.load());
    this.#allowlist = new AllowlistCheck(session);
    this.#syncClient = new SyncClient({
      session,
      receipts,
      clock,
      onBegin: () => this.#ask(this.#replica.connected()),
      onAnswer: (message) => this.#put({ kind: "answer", message }),
      onEnd: () => this.#forgetAnswers(),
    });
  }

  /** All that the copy holds and that is acted on here, or is only observed; some at a time. */
  updates(place: ActedOn = "taken"): Iterable<readonly BanUpdate[]> {
    return updatesOfAll(this.#replica.bans(), this.#options.receiver, place);
  }

  /** How far the copy is. */
  get progress(): ReplicaProgress {
    const { epoch = null, seq } = this.#replica;
    return {
      epoch,
      seq: epoch === null ? 0 : seq,
      isFollowing: this.#isFollowing,
    };
  }

  get #isFollowing(): boolean {
    return this.#replica.isFollowing && this.#options.listener.hears;
  }

  /** How the copy is, for metrics and health. */
  get facts(): ReplicaFacts {
    const { epoch, counters: { gaps, snapshots } } = this.#replica;
    return {
      isKnown: epoch !== undefined,
      isFollowing: this.#isFollowing,
      isCopyKept: this.#disk.isWhole,
      ...{ gaps, snapshots },
    };
  }

  /** How the copy is, for `status`. */
  get figures(): StatusFigures {
    const { session, listener, receipts } = this.#options;
    const { epoch, seq, size, counters } = this.#replica;
    return {
      following: this.#isFollowing,
      publisherAnswers: session.reachable,
      ...session.figures,
      epoch: epoch ?? "none",
      seq,
      bans: size,
      ...counters,
      notUnderstood: listener.rejected,
      receiptsWaiting: receipts.size,
      receiptsDropped: receipts.dropped,
      onDisk: this.#disk.isWhole,
      received: this.#handover.received,
    };
  }

  /**
   * Resolves once there is a copy: one that keeps up, or an old one where the
   * publisher does not bring it up to date in a moment. After a crash a copy
   * may lack what was acted on last, which must not be lifted for that.
   *
   * @param signal Ends the wait; the promise then rejects with its reason.
   */
  async whenKnown(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    await inTime(clock, CATCH_UP_TIMEOUT_MS, signal, async (group) => {
      while (!this.#replica.isFollowing) await this.#changed.wait(group);
    });
    while (this.#replica.epoch === undefined) await this.#changed.wait(signal);
  }

  /**
   * Keeps the copy until aborted.
   *
   * @param signal Ends it; the promise then resolves.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { listener } = this.#options;
    try {
      await runTogether(signal, [
        (group) =>
          listener.run(
            group,
            (message, ended) => this.#receive(message, ended),
          ),
        (group) => this.#syncClient.run(group),
        (group) => this.#work(group),
        (group) => this.#tick(group),
      ]);
    } finally {
      this.#disk.close();
    }
  }

  async #receive(message: StreamMessage, signal: AbortSignal): Promise<void> {
    while (this.#inboxSize >= MAX_INBOX) await this.#changed.wait(signal);
    if (message.kind === "H") this.#allowlist.receive(message.revision);
    if (message.kind === "P") this.#put({ kind: "probe", message });
    else this.#put({ kind: "heard", message });
  }

  /** An answer of one session is none to a question of the next. */
  #forgetAnswers(): void {
    this.#replica.disconnected();
    const inbox = this.#inbox.filter(({ kind }) => kind !== "answer");
    this.#inboxSize -= this.#inbox.length - inbox.length;
    this.#inbox = inbox;
  }

  #put(incoming: Incoming): void {
    this.#inbox.push(incoming);
    this.#inboxSize += sizeOf(incoming);
    this.#changed.notify();
  }

  /** One message after the other, so that changes are stored and handed over in the table's order. */
  async #work(signal: AbortSignal): Promise<void> {
    while (true) {
      while (this.#inbox.length === 0) await this.#changed.wait(signal);
      const inbox = this.#inbox;
      this.#inbox = [];
      this.#inboxSize = 0;
      await this.#handleAll(inbox, signal);
      this.#changed.notify();
      await this.#gather(signal);
    }
  }

  async #gather(signal: AbortSignal): Promise<void> {
    await this.#options.gather?.(signal);
  }

  /** The effects of several messages of the stream are stored and handed over together. */
  async #handleAll(
    inbox: readonly Incoming[],
    signal: AbortSignal,
  ): Promise<void> {
    let effects: ReplicaEffect[] = [];
    for (const incoming of inbox) {
      if (incoming.kind === "heard") {
        effects.push(...this.#replica.receive(incoming.message, this.#nowMs));
        continue;
      }
      await this.#carryOutAll(effects, signal);
      effects = [];
      await this.#handle(incoming, signal);
    }
    await this.#carryOutAll(effects, signal);
  }

  /** A probe waits its turn, as a change does, and is none. */
  #answerProbe({ order, address, node }: HeardProbe): void {
    const { session, receiver: { hostName } } = this.#options;
    if (node !== null && !sameHost(node, hostName)) return;
    session.orders.put({ kind: "PROBE", order, address });
  }

  get #nowMs(): number {
    return this.#options.clock.nowMs();
  }

  async #handle(
    incoming: Exclude<Incoming, { readonly kind: "heard" }>,
    signal: AbortSignal,
  ): Promise<void> {
    switch (incoming.kind) {
      case "answer": {
        const effects = this.#replica.answer(incoming.message, this.#nowMs);
        await this.#carryOutAll(effects, signal);
        this.#syncClient.answered(
          effects.length > 0 || this.#replica.isFollowing,
        );
        // What it asks next is said before it is busy with what it has.
        await this.#gather(signal);
        await this.#carryOutAll(this.#replica.takePart(), signal);
        return;
      }
      case "probe":
        return this.#answerProbe(incoming.message);
      case "tick":
        await this.#handover.give(this.#replica.expire(this.#nowMs), signal);
        this.#storeIfDue();
        return;
      case "store":
        if (this.#disk.storeNext()) this.#put({ kind: "store" });
        return;
    }
  }

  async #carryOutAll(
    effects: readonly ReplicaEffect[],
    signal: AbortSignal,
  ): Promise<void> {
    for (const effect of mergedEffects(effects)) {
      await this.#carryOut(effect, signal);
    }
  }

  async #carryOut(effect: ReplicaEffect, signal: AbortSignal): Promise<void> {
    switch (effect.kind) {
      case "ask":
        this.#syncClient.ask(effect.question);
        return;
      case "changed":
        // First: what was acted on and is not in the copy would be lifted at a
        // start without the publisher.
        this.#disk.note(effect.changes);
        this.#disk.flush();
        await this.#handover.give(effect.steps, signal);
        return;
      case "part":
        this.#disk.keepPart(effect);
        return;
      case "replaced":
        this.#disk.keepReplaced();
        this.#tellReplaced(effect.mark.seq, this.#replica.size);
        await this.#handover.giveAll(effect.steps, signal);
        this.#options.onReplaced?.();
        return;
    }
  }

  #ask(effects: readonly ReplicaEffect[]): void {
    for (const effect of effects) {
      if (effect.kind === "ask") this.#syncClient.ask(effect.question);
    }
  }

  #tellReplaced(seq: number, bans: number): void {
    this.#options.log.record("info", "took the whole table over", {
      seq,
      bans,
    });
  }

  /** A tick waits in the inbox as messages do, since it changes the table. */
  async #tick(signal: AbortSignal): Promise<void> {
    while (true) {
      await this.#options.clock.delay(EXPIRY_INTERVAL_MS, signal);
      if (!this.#inbox.some(({ kind }) => kind === "tick")) {
        this.#put({ kind: "tick" });
      }
    }
  }

  #storeIfDue(): void {
    const { epoch, seq, size } = this.#replica;
    if (epoch === undefined || !this.#disk.isDue(size)) return;
    if (this.#disk.beginWhole({ epoch, seq }, this.#replica.bans())) {
      this.#put({ kind: "store" });
    }
  }
}

function sizeOf(incoming: Incoming): number {
  return incoming.kind === "heard" && incoming.message.kind === "C"
    ? incoming.message.changes.length
    : 1;
}
