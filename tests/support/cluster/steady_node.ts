/**
 * A node that reports at a constant rate, and measures each report.
 *
 * @module
 */

import type { Address } from "../../../lib/base/address.ts";
import type { EventId, SessionId } from "../../../lib/base/ids.ts";
import type { NodeEvent, NodeMessage } from "../../../lib/wire/v2_messages.ts";
import type { Membership } from "../../../lib/members/member.ts";
import type { MessageSocket } from "../../../lib/zmq/ports.ts";
import {
  decodePublisherMessage,
  encodeNodeMessage,
  MAX_CONTROL_BYTES,
} from "../../../lib/wire/v2.ts";
import { address, jail } from "../values/core_values.ts";
import { securityOf } from "./test_members.ts";
import { waitUntil } from "../host/wait_until.ts";
import type { ZmqBench } from "../bench/zmq_bench.ts";

/** Default interval between reports, in milliseconds. */
export const STEADY_INTERVAL_MS = 20;
/**
 * Like a real node: the publisher keeps no answers for more messages in flight.
 */
const MAX_UNANSWERED = 8;
const MAX_EVENTS = 1_000;
/** The only good answer. */
const GOOD_ANSWER = "accepted";

/** Called with each answered report, in order of the due times. */
export type OnAnswered = (dueMs: number, tookMs: number) => void;

/** A message in flight with the reports `from` to `to`, exclusive. */
interface Batch {
  readonly from: number;
  readonly to: number;
}

/**
 * Reports a new address at an interval without waiting for answers. Like a real
 * node it has only a few messages in flight; reports that were due meanwhile go
 * into the next message.
 */
export class SteadyNode implements AsyncDisposable {
  /** Answers that are bad, or that belong to no report. */
  readonly odd: string[] = [];
  readonly #socket: MessageSocket;
  readonly #session: SessionId;
  readonly #onAnswered: OnAnswered;
  readonly #intervalMs: number;
  readonly #ended = new AbortController();
  readonly #gone = new AbortController();
  readonly #startMs = performance.now();
  /** Batches by number. */
  readonly #batches: Batch[] = [];
  #answered = 0;
  #work: Promise<unknown> = Promise.resolve();

  private constructor(
    socket: MessageSocket,
    session: SessionId,
    onAnswered: OnAnswered,
    intervalMs: number,
  ) {
    this.#socket = socket;
    this.#session = session;
    this.#onAnswered = onAnswered;
    this.#intervalMs = intervalMs;
  }

  /** Joins and starts to report. */
  static async begin(
    { context, signal }: ZmqBench,
    membership: Membership,
    onAnswered: OnAnswered,
    intervalMs: number,
  ): Promise<SteadyNode> {
    const { node, token, controlUrl } = membership;
    const socket = context.dealer(controlUrl, {
      maxMessageBytes: MAX_CONTROL_BYTES,
      security: securityOf(membership),
    });
    await socket.send(
      encodeNodeMessage({
        ...{ kind: "HELLO", node, role: "monitor", token, version: "1.0.0" },
      }),
      signal,
    );
    const welcome = decodePublisherMessage(await socket.receive(signal));
    if (!welcome.ok || welcome.value.kind !== "WELCOME") {
      throw new Error("Not welcome");
    }
    const steady = new SteadyNode(
      ...[socket, welcome.value.session, onAnswered, intervalMs] as const,
    );
    steady.#work = Promise.allSettled([steady.#report(), steady.#hear()]);
    return steady;
  }

  /** Stops, and waits for missing answers. @returns The number of reports. */
  async end(): Promise<number> {
    this.#ended.abort();
    await waitUntil(() => this.#answered >= this.#batches.length, {
      what: "the last answers",
    });
    return this.#sent;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    this.#gone.abort();
    await this.#work;
    await this.#socket[Symbol.asyncDispose]();
  }

  get #sent(): number {
    return this.#batches.at(-1)?.to ?? 0;
  }

  #dueMs(report: number): number {
    return this.#startMs + report * this.#intervalMs;
  }

  async #report(): Promise<void> {
    const { signal } = this.#ended;
    while (!signal.aborted) {
      const from = this.#sent;
      const waitMs = this.#dueMs(from) - performance.now();
      const isFull = this.#batches.length - this.#answered >= MAX_UNANSWERED;
      if (waitMs > 0 || isFull) {
        await new Promise((resolve) =>
          setTimeout(resolve, Math.max(1, waitMs))
        );
        continue;
      }
      const due = 1 + Math.floor(-waitMs / this.#intervalMs);
      const to = from + Math.min(due, MAX_EVENTS);
      this.#batches.push({ from, to });
      await this.#socket.send(
        encodeNodeMessage(this.#message(from, to)),
        signal,
      );
    }
  }

  #message(from: number, to: number): NodeMessage {
    const batch = this.#batches.length - 1;
    const events = Array.from(
      { length: to - from },
      (_, at) => reportOf(from + at),
    );
    return { kind: "EVENTS", session: this.#session, batch, events };
  }

  async #hear(): Promise<void> {
    while (true) {
      const frames = await this.#socket.receive(this.#gone.signal);
      const nowMs = performance.now();
      const decoded = decodePublisherMessage(frames);
      const message = decoded.ok ? decoded.value : { kind: "none" as const };
      const batch = this.#batches[this.#answered];
      const isGood = message.kind === "ACK" && batch !== undefined &&
        message.batch === this.#answered &&
        message.results.length === batch.to - batch.from &&
        message.results.every(({ outcome }) => outcome === GOOD_ANSWER);
      if (!isGood) {
        this.odd.push(JSON.stringify(message));
        continue;
      }
      this.#answered++;
      for (let report = batch.from; report < batch.to; report++) {
        const dueMs = this.#dueMs(report);
        // Measured from the due time, so it includes waiting for room.
        this.#onAnswered(dueMs, nowMs - dueMs);
      }
    }
  }
}

/** The address of a report by number; distinct up to 65,536. */
export function steadyAddress(report: number): Address {
  return address(`198.18.${report >> 8}.${report & 255}`);
}

function reportOf(report: number): NodeEvent {
  return {
    kind: "ban",
    id: `steady-${String(report).padStart(16, "0")}` as EventId,
    jail: jail("sshd"),
    address: steadyAddress(report),
    remainingMs: 3_600_000,
    agoMs: 0,
  };
}
