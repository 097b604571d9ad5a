/**
 * The subscriber of protocol 1: receives the cluster's reports, and queues them
 * for the actions.
 *
 * @module
 */

import type { ActionQueue } from "./action_queue.ts";
import type { BanEvent } from "../ban/ban_event.ts";
import { placeOfReport, type Receiver } from "../choice/receiver_choice.ts";
import { LogThrottle } from "../log/log_throttle.ts";
import type { Clock } from "../async/clock.ts";
import type { Frames, MessageSocket } from "../zmq/ports.ts";
import type { Log } from "../log/log.ts";
import { decodeBroadcast, type RejectReason } from "../wire/v1.ts";

/** Options for a subscriber of protocol 1. */
export interface Protocol1SubscriberOptions {
  /** A SUB of the publisher. */
  readonly broadcasts: Pick<MessageSocket, "receive">;
  /** Takes what is to be acted on. */
  readonly queue: Pick<ActionQueue, "put">;
  readonly clock: Clock;
  readonly log: Log;
  /** This host's name, and what it takes: the others' bans, or some of them. */
  readonly receiver: Receiver;
  /** Told of what is only observed. */
  readonly onObserved?: (updates: readonly BanEvent[]) => void;
}

/** What a subscriber has done so far. */
export interface Protocol1SubscriberCounters {
  /** Messages that came in. */
  received: number;
  /** Events of this host's own, left out. */
  own: number;
  /** Events that this host takes nothing of, or only observes. */
  leftOut: number;
  /** Messages that were not understood. */
  rejected: number;
}

/** What a broadcast leads to. */
export type BroadcastVerdict =
  | { readonly kind: "act"; readonly event: BanEvent }
  | {
    readonly kind: "own" | "observe" | "leave-out";
    readonly event: BanEvent;
  }
  | { readonly kind: "reject"; readonly reason: RejectReason };

/**
 * Decides about a broadcast.
 *
 * @param frames The message.
 * @param receiver This host's name, and what it takes.
 * @returns What to do with it.
 */
export function judgeBroadcast(
  frames: Frames,
  receiver: Receiver,
): BroadcastVerdict {
  const decoded = decodeBroadcast(frames);
  if (!decoded.ok) return { kind: "reject", reason: decoded.reason };
  const event = decoded.value;
  switch (placeOfReport(receiver, event.jail, event.origin)) {
    case "own":
      return { kind: "own", event };
    case "taken":
      return { kind: "act", event };
    case "observed":
      return { kind: "observe", event };
    case "left-out":
      return { kind: "leave-out", event };
  }
}

/**
 * Receives until stopped. While the queue of the actions is full nothing more
 * is received; libzmq queues, then drops.
 */
export class Protocol1Subscriber {
  /** What was done so far. */
  readonly counters: Protocol1SubscriberCounters = {
    received: 0,
    own: 0,
    leftOut: 0,
    rejected: 0,
  };
  readonly #options: Protocol1SubscriberOptions;
  readonly #troubleLog: LogThrottle;

  /** @param options Where reports come from and go to. */
  constructor(options: Protocol1SubscriberOptions) {
    this.#options = options;
    this.#troubleLog = new LogThrottle(options.log, options.clock);
  }

  /**
   * Receives until aborted.
   *
   * @param signal Ends it; the promise then rejects with its reason.
   */
  async run(signal: AbortSignal): Promise<void> {
    try {
      while (true) {
        const event = this.#take(
          await this.#options.broadcasts.receive(signal),
        );
        if (event !== undefined) await this.#options.queue.put([event], signal);
      }
    } finally {
      this.#troubleLog.flush();
    }
  }

  /** @returns What is to be acted on, if anything is. */
  #take(frames: Frames): BanEvent | undefined {
    const { receiver, log } = this.#options;
    this.counters.received++;
    const verdict = judgeBroadcast(frames, receiver);
    switch (verdict.kind) {
      case "act":
        return verdict.event;
      case "own":
        this.counters.own++;
        log.record("debug", "own report heard", {
          jail: verdict.event.jail,
          address: verdict.event.address,
        });
        return undefined;
      case "observe":
        this.#options.onObserved?.([verdict.event]);
        this.counters.leftOut++;
        return undefined;
      case "leave-out":
        this.counters.leftOut++;
        return undefined;
      case "reject":
        this.counters.rejected++;
        this.#troubleLog.record("warning", "message not understood", {
          reason: verdict.reason,
        });
        return undefined;
    }
  }
}
