/**
 * A member that reports at a steady rate, and knows how long each took.
 *
 * @module
 */

import type { EventId } from "../../../lib/base/ids.ts";
import type { NodeMessage } from "../../../lib/wire/v2_messages.ts";
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

const EVERY_MS = 20;
/** As a node does: for one that has more on their way the publisher keeps no answers. */
const MAX_UNANSWERED = 8;
/** Those that are in a batch's answer; more is a bug. */
const GOOD_ANSWER = "accepted";

/** Reports of which one percentile is taken, some 5 s of them. */
const WINDOW_REPORTS = 250;

/** How long the reports of a while took, in milliseconds. */
export interface Latency {
  readonly reports: number;
  readonly p50Ms: number;
  /** The median of the 99th percentiles of each 250 reports: a moment in which the machine did something else doesn't decide it. */
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Reports another address every 20 ms, whether or not the last was answered; a few wait at most. */
export class SteadyNode implements AsyncDisposable {
  /** Answers that were none to a report of its own, or a bad one. */
  readonly odd: string[] = [];
  readonly #socket: MessageSocket;
  readonly #ended = new AbortController();
  readonly #gone = new AbortController();
  readonly #sentMs: number[] = [];
  readonly #tookMs: number[] = [];
  #answered = 0;
  #work: Promise<unknown> = Promise.resolve();

  private constructor(socket: MessageSocket) {
    this.#socket = socket;
  }

  /** Joins and begins. */
  static async begin(
    { context, signal }: ZmqBench,
    url: string,
    membership: Membership,
  ): Promise<SteadyNode> {
    const socket = context.dealer(url, {
      maxMessageBytes: MAX_CONTROL_BYTES,
      security: securityOf(membership),
    });
    const { node, token } = membership;
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
    const steady = new SteadyNode(socket);
    const { session } = welcome.value;
    const work = [
      steady.#report((batch) => reportOf(session, batch)),
      steady.#hear(),
    ];
    steady.#work = Promise.allSettled(work);
    return steady;
  }

  /** Reports so far. */
  get sent(): number {
    return this.#sentMs.length;
  }

  /** Has something done, and tells how long the reports took meanwhile. */
  async during<T>(
    work: () => Promise<T>,
  ): Promise<{ readonly result: T; readonly latency: Latency }> {
    const from = this.sent;
    const result = await work();
    const to = this.sent;
    await this.#untilAnswered(to);
    return { result, latency: latencyOf(this.#tookMs.slice(from, to)) };
  }

  /** Reports no more, and waits for what is still to be answered. */
  async end(): Promise<number> {
    const sent = this.sent;
    this.#ended.abort();
    await this.#untilAnswered(sent);
    return sent;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    this.#gone.abort();
    await this.#work;
    await this.#socket[Symbol.asyncDispose]();
  }

  async #report(messageOf: (batch: number) => NodeMessage): Promise<void> {
    const { signal } = this.#ended;
    const startMs = performance.now();
    while (!signal.aborted) {
      const batch = this.#sentMs.length;
      const waitMs = startMs + batch * EVERY_MS - performance.now();
      const isFull = batch - this.#answered >= MAX_UNANSWERED;
      if (waitMs > 0 || isFull) {
        await new Promise((resolve) =>
          setTimeout(resolve, Math.max(1, waitMs))
        );
        continue;
      }
      // From when it was due: a report that had to wait for room took longer.
      this.#sentMs.push(startMs + batch * EVERY_MS);
      await this.#socket.send(encodeNodeMessage(messageOf(batch)), signal);
    }
  }

  async #untilAnswered(count: number): Promise<void> {
    await waitUntil(() => {
      if (this.odd.length > 0) throw new Error(this.odd[0]);
      return this.#answered >= count;
    }, { what: `${count} answers` });
  }

  async #hear(): Promise<void> {
    while (true) {
      const frames = await this.#socket.receive(this.#gone.signal);
      const decoded = decodePublisherMessage(frames);
      const message = decoded.ok ? decoded.value : { kind: "none" as const };
      const isGood = message.kind === "ACK" &&
        message.batch === this.#answered &&
        message.results[0]?.outcome === GOOD_ANSWER;
      if (!isGood) {
        this.odd.push(JSON.stringify(message));
        continue;
      }
      const sentMs = this.#sentMs[this.#answered++] ?? NaN;
      this.#tookMs.push(performance.now() - sentMs);
    }
  }
}

function latencyOf(tookMs: readonly number[]): Latency {
  const windows: number[] = [];
  for (let from = 0; from < tookMs.length; from += WINDOW_REPORTS) {
    // The last may be short: it belongs to the one before it.
    const isLast = tookMs.length - from < 2 * WINDOW_REPORTS;
    const to = isLast ? tookMs.length : from + WINDOW_REPORTS;
    windows.push(percentile(tookMs.slice(from, to), 0.99));
    if (isLast) break;
  }
  return {
    reports: tookMs.length,
    p50Ms: percentile(tookMs, 0.5),
    p99Ms: percentile(windows, 0.5),
    maxMs: percentile(tookMs, 1),
  };
}

function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const last = sorted.length - 1;
  const value = sorted[Math.min(last, Math.floor(sorted.length * part))] ?? NaN;
  return Math.round(value * 10) / 10;
}

function reportOf(
  session: Extract<NodeMessage, { kind: "EVENTS" }>["session"],
  batch: number,
): NodeMessage {
  return {
    kind: "EVENTS",
    session,
    batch,
    events: [{
      kind: "ban",
      id: `steady-${String(batch).padStart(16, "0")}` as EventId,
      jail: jail("sshd"),
      address: address(`198.18.${batch >> 8}.${batch & 255}`),
      remainingMs: 3_600_000,
      agoMs: 0,
    }],
  };
}
