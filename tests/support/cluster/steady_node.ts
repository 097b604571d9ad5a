/**
 * A node that reports at a steady rate, and knows how long each report took.
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

/** Milliseconds from one report to the next, where nothing else is asked for. */
export const STEADY_INTERVAL_MS = 20;
/** As a node does: for one that has more on their way the publisher keeps no answers. */
const MAX_UNANSWERED = 8;
const MAX_EVENTS = 1_000;
/** Those that are in a batch's answer; more is a bug. */
const GOOD_ANSWER = "accepted";

/** Told of each report that was answered, in the order in which they were due. */
export type OnAnswered = (dueMs: number, tookMs: number) => void;

/** A message that waits for its answer: reports `from` up to `to`, without it. */
interface Batch {
  readonly from: number;
  readonly to: number;
}

/**
 * Reports another address at an interval, whether or not the last was answered.
 * As with a real node a few messages wait for an answer at most, and what was
 * due meanwhile goes into the next one.
 */
export class SteadyNode implements AsyncDisposable {
  /** Answers that were none to a report of its own, or a bad one. */
  readonly odd: string[] = [];
  readonly #socket: MessageSocket;
  readonly #session: SessionId;
  readonly #onAnswered: OnAnswered;
  readonly #intervalMs: number;
  readonly #ended = new AbortController();
  readonly #gone = new AbortController();
  readonly #startMs = performance.now();
  /** The batch's number is its place. */
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

  /** Joins and begins. */
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

  /** Reports no more, and waits for what is still to be answered. @returns How many it reported. */
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
        // From when it was due: a report that had to wait for room took longer.
        this.#onAnswered(dueMs, nowMs - dueMs);
      }
    }
  }
}

/** Whom a report is of, by its number: another one each time, up to 65,536. */
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
