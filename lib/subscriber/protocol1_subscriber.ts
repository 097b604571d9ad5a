/**
 * The subscriber of protocol 1: receives the cluster's reports, and queues them
 * for the actions.
 *
 * @module
 */

import type { ActionQueue } from "./action_queue.ts";
import type { BanEvent } from "../ban/ban_event.ts";
import { type HostName, sameHost } from "../base/host_name.ts";
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
  /** This host's name: its own bans are left out. */
  readonly hostName: HostName;
}

/** What a subscriber has done so far. */
export interface Protocol1SubscriberCounters {
  /** Messages that came in. */
  received: number;
  /** Events of this host's own, left out. */
  own: number;
  /** Messages that were not understood. */
  rejected: number;
}

/** What a broadcast leads to. */
export type BroadcastVerdict =
  | { readonly kind: "act"; readonly event: BanEvent }
  | { readonly kind: "own"; readonly event: BanEvent }
  | { readonly kind: "reject"; readonly reason: RejectReason };

/**
 * Decides about a broadcast.
 *
 * @param frames The message.
 * @param hostName This host's name.
 * @returns What to do with it.
 */
export function judgeBroadcast(
  frames: Frames,
  hostName: HostName,
): BroadcastVerdict {
  const decoded = decodeBroadcast(frames);
  if (!decoded.ok) return { kind: "reject", reason: decoded.reason };
  const event = decoded.value;
  const isOwn = sameHost(event.origin, hostName);
  return { kind: isOwn ? "own" : "act", event };
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
    const { hostName, log } = this.#options;
    this.counters.received++;
    const verdict = judgeBroadcast(frames, hostName);
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
      case "reject":
        this.counters.rejected++;
        this.#troubleLog.record("warning", "message not understood", {
          reason: verdict.reason,
        });
        return undefined;
    }
  }
}
