/**
 * The subscriber's side of protocol 2: keeps a copy of the publisher's bans up
 * to date, in memory and on disk, and passes on the changes.
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

/** State of a copy. */
export interface ReplicaFacts {
  /** Whether there is a copy, even an outdated one. */
  readonly isKnown: boolean;
  readonly isFollowing: boolean;
  /** Whether the disk has the complete copy. */
  readonly isCopyKept: boolean;
  /** Gaps in the stream's numbers. */
  readonly gaps: number;
  /** Complete tables received. */
  readonly snapshots: number;
}

/** Options for {@link ReplicaClient}. */
export interface ReplicaClientOptions extends HandoverOptions {
  /** The session with the publisher; nothing else runs it. */
  readonly session: ControlClient;
  /** Receives the publisher's stream; nothing else runs it. */
  readonly listener: StreamListener;
  /** Stores the copy on this host's disk. */
  readonly store: ReplicaStore;
  /** Receipts to send; nothing else takes them out. */
  readonly receipts: ReceiptQueue;
  /**
   * The process's steady clock, for copy and updates; the disk has system time.
   */
  readonly clock: SteadyClock;
  readonly log: Log;
  /**
   * Called after a complete table was received: the publisher may not know what
   * is in force here.
   */
  readonly onReplaced?: () => void;
}

/** Position of a copy. */
export interface ReplicaProgress {
  /** Its epoch; `null`: there is no copy yet. */
  readonly epoch: Epoch | null;
  /** Number of the last applied change. */
  readonly seq: number;
  /** Whether it follows the stream without a gap. */
  readonly isFollowing: boolean;
}

/**
 * Changes and messages that may wait; at the limit the stream is not received,
 * and libzmq queues, then drops.
 */
const MAX_INBOX = 10_000;
/**
 * Longest wait for the publisher until an old copy is used, in milliseconds.
 */
const CATCH_UP_TIMEOUT_MS = 5_000;
/** Interval between expiry sweeps. */
const EXPIRY_INTERVAL_MS = 1_000;

type HeardProbe = Extract<StreamMessage, { readonly kind: "P" }>;
type Incoming =
  | { readonly kind: "heard"; readonly message: TableMessage }
  | { readonly kind: "probe"; readonly message: HeardProbe }
  | { readonly kind: "answer"; readonly message: SyncAnswer }
  | { readonly kind: "tick" }
  /** The next step of storing the complete copy. */
  | { readonly kind: "store" };

/**
 * Keeps the copy up to date.
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
  /** Number of messages and changes in the inbox. */
  #inboxSize = 0;

  /**
   * Creates a client from the stored copy; it connects when it runs.
   *
   * @param options See {@link ReplicaClientOptions}.
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

  /** Updates for all bans of the copy in a place, in chunks. */
  updates(place: ActedOn = "taken"): Iterable<readonly BanUpdate[]> {
    return updatesOfAll(this.#replica.bans(), this.#options.receiver, place);
  }

  /** Position of the copy. */
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

  /** State of the copy, for metrics and health. */
  get facts(): ReplicaFacts {
    const { epoch, counters: { gaps, snapshots } } = this.#replica;
    return {
      isKnown: epoch !== undefined,
      isFollowing: this.#isFollowing,
      isCopyKept: this.#disk.isWhole,
      ...{ gaps, snapshots },
    };
  }

  /** Figures of the copy, for `status`. */
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
   * Resolves once there is a copy: one that follows the stream, or an old one
   * if the publisher does not bring it up to date soon. After a crash the old
   * copy may lack the last bans that were acted on, which must not be lifted
   * because of that.
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
   * Keeps the copy up to date until aborted.
   *
   * @param signal Stops it; the promise then resolves.
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

  /** Drops waiting answers: they do not belong to the next session. */
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

  /**
   * Handles one message after another: changes are stored and passed on in
   * order.
   */
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

  /** Stores and passes on the effects of several stream messages together. */
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

  /** A probe waits in the inbox like a change, but changes nothing. */
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
        // Send its next question before the work on this part begins.
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
        // First, because a start without the publisher would lift bans that
        // were acted on but are not in the stored copy.
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

  /** A tick waits in the inbox like a message, because it changes the table. */
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
