/**
 * The publisher: answers monitors, tells subscribers.
 *
 * @module
 */

import type { BanEvent } from "./ban_event.ts";
import { LogThrottle } from "./log_throttle.ts";
import type { Clock, Frames, Log, MessageSocket } from "./ports.ts";
import {
  type CurrentPolicy,
  type ProtectionPolicy,
  refusal,
} from "./protection.ts";
import {
  decodeRequest,
  encodeBroadcast,
  NAK,
  type RejectReason,
} from "./wire_v1.ts";

/** What a publisher is made of. */
export interface PublisherOptions {
  /** A ROUTER that serves REQ clients. */
  readonly replies: MessageSocket;
  /** A PUB that subscribers listen to. */
  readonly broadcasts: MessageSocket;
  /** Time. */
  readonly clock: Clock;
  /** Where to tell. */
  readonly log: Log;
  /** Tokens that admit a monitor; none means that none is expected. */
  readonly tokens: readonly string[];
  /** Which addresses are never banned; asked for each ban. */
  readonly protection: CurrentPolicy;
  /** Check and log only: neither answer nor broadcast. */
  readonly dryRun: boolean;
}

/** What a publisher has done so far. */
export interface PublisherCounters {
  /** Messages that came in. */
  received: number;
  /** Reports acknowledged and broadcast. */
  relayed: number;
  /** Messages answered with `NAK`. */
  refused: number;
  /** Messages without an envelope to answer to. */
  unanswerable: number;
}

/** What a request leads to. */
export type RequestVerdict =
  | {
    readonly kind: "relay";
    readonly event: BanEvent;
    readonly acknowledgement: Uint8Array;
  }
  | {
    readonly kind: "refuse";
    readonly reason: RejectReason | "protected";
    readonly detail?: string;
  };

/** Proxies that a request may have come through. */
const MAX_HOPS = 8;

/**
 * Decides about a request.
 *
 * @param body The message's frames, without envelope.
 * @param tokens Tokens that admit a monitor; none means that none is expected.
 * @param protection Which addresses are never banned.
 * @returns What to do with it.
 */
export function judgeRequest(
  body: Frames,
  tokens: readonly string[],
  protection: ProtectionPolicy,
): RequestVerdict {
  const request = decodeRequest(body, tokens);
  if (!request.ok) return { kind: "refuse", reason: request.reason };
  const { event, acknowledgement } = request.value;
  const refused = event.kind === "ban"
    ? refusal(event.address, protection)
    : undefined;
  if (refused !== undefined) {
    const detail =
      `${event.address} from ${event.origin}: ${refused.rule} (${refused.because})`;
    return { kind: "refuse", reason: "protected", detail };
  }
  return { kind: "relay", event, acknowledgement };
}

/** Serves monitors and subscribers until stopped. */
export class Publisher {
  /** What was done so far. */
  readonly counters: PublisherCounters = {
    received: 0,
    relayed: 0,
    refused: 0,
    unanswerable: 0,
  };
  readonly #options: PublisherOptions;
  readonly #complaints: LogThrottle;

  /** Makes a publisher of what it works with. */
  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#complaints = new LogThrottle(options.log, options.clock);
  }

  /**
   * Serves until aborted.
   *
   * @param signal Ends it; the promise then resolves.
   */
  async run(signal: AbortSignal): Promise<void> {
    try {
      while (true) {
        const frames = await this.#options.replies.receive(signal);
        await this.#serve(frames, signal);
      }
    } catch (error) {
      if (!signal.aborted || error !== signal.reason) throw error;
    } finally {
      this.#complaints.flush();
    }
  }

  async #serve(frames: Frames, signal: AbortSignal): Promise<void> {
    this.counters.received++;
    const bodyAt = frames.findIndex((frame) => frame.length === 0) + 1;
    if (bodyAt < 2 || bodyAt > MAX_HOPS + 2) {
      this.counters.unanswerable++;
      this.#complaints.record("warning", "message without a return address");
      return;
    }
    const { tokens, protection, replies, dryRun } = this.#options;
    const verdict = judgeRequest(frames.slice(bodyAt), tokens, protection());
    this.#tell(verdict);
    if (dryRun) return;
    const reply = verdict.kind === "relay" ? verdict.acknowledgement : NAK;
    if (verdict.kind === "relay") await this.#broadcast(verdict.event, signal);
    await replies.send([...frames.slice(0, bodyAt), reply], signal);
  }

  /** Before the acknowledgement: who dies in between is asked again. */
  async #broadcast(event: BanEvent, signal: AbortSignal): Promise<void> {
    await this.#options.broadcasts.send([encodeBroadcast(event)], signal);
    this.counters.relayed++;
  }

  #tell(verdict: RequestVerdict): void {
    switch (verdict.kind) {
      case "relay": {
        const { kind, origin, jail, address } = verdict.event;
        const { log, dryRun } = this.#options;
        const what = dryRun ? "would relay" : "relaying";
        log.record("notice", `${what} ${kind}`, {
          node: origin,
          jail,
          address,
        });
        return;
      }
      case "refuse":
        this.counters.refused++;
        this.#complaints.record("warning", "request refused", {
          reason: verdict.reason,
          ...(verdict.detail === undefined ? {} : { detail: verdict.detail }),
        });
        return;
    }
  }
}
