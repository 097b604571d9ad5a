/**
 * The subscriber of protocol 1: receives the cluster's reports and queues them
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

/** Options for {@link Protocol1Subscriber}. */
export interface Protocol1SubscriberOptions {
  /** A SUB connected to the publisher. */
  readonly broadcasts: Pick<MessageSocket, "receive">;
  /** Takes the events to act on. */
  readonly queue: Pick<ActionQueue, "put">;
  readonly clock: Clock;
  readonly log: Log;
  /** This host's name, and its choice of bans. */
  readonly receiver: Receiver;
  /** Called with events that are only observed. */
  readonly onObserved?: (updates: readonly BanEvent[]) => void;
}

/** Counts of received messages. */
export interface Protocol1SubscriberCounters {
  /** Messages received. */
  received: number;
  /** Events of this host itself, ignored. */
  own: number;
  /** Events that this host leaves out, or only observes. */
  leftOut: number;
  /** Messages that could not be decoded. */
  rejected: number;
}

/** The decision about a broadcast. */
export type BroadcastVerdict =
  | { readonly kind: "act"; readonly event: BanEvent }
  | {
    readonly kind: "own" | "observe" | "leave-out";
    readonly event: BanEvent;
  }
  | { readonly kind: "reject"; readonly reason: RejectReason };

/**
 * Decides what to do with a broadcast.
 *
 * @param frames The message.
 * @param receiver This host's name, and its choice of bans.
 * @returns The decision.
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
 * Receives until stopped. While the action queue is full it receives nothing;
 * libzmq queues, then drops.
 */
export class Protocol1Subscriber {
  /** Counts since the start. */
  readonly counters: Protocol1SubscriberCounters = {
    received: 0,
    own: 0,
    leftOut: 0,
    rejected: 0,
  };
  readonly #options: Protocol1SubscriberOptions;
  readonly #troubleLog: LogThrottle;

  /** @param options See {@link Protocol1SubscriberOptions}. */
  constructor(options: Protocol1SubscriberOptions) {
    this.#options = options;
    this.#troubleLog = new LogThrottle(options.log, options.clock);
  }

  /**
   * Receives until aborted.
   *
   * @param signal Stops it; the promise then rejects with its reason.
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

  /** @returns The event to act on, if any. */
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
