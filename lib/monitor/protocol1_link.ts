/**
 * The monitor's link to the publisher by protocol 1: requests over one
 * connection, several in flight, each repeated over a new connection until it
 * is answered.
 *
 * To a REP peer, a DEALER with the REQ envelope (an empty frame before the
 * body) is a REQ that does not wait for each answer. The answers come in order
 * (RFC 28, "Request-Reply").
 *
 * A connection may outlive the publisher behind it, because a socket reconnects
 * by itself and a proxy stays. The lost publisher's requests then get no
 * answer, and the next answer is for another request. An acknowledgement names
 * its request. A `NAK` does not, so it counts only while a single request is in
 * flight; otherwise the requests in flight are repeated one by one over a new
 * connection.
 *
 * @see {@link https://rfc.zeromq.org/spec/28/ | RFC 28}
 * @module
 */

import type { BanEvent } from "../ban/ban_event.ts";
import type { Clock } from "../async/clock.ts";
import type { Connect, Frames, MessageSocket } from "../zmq/ports.ts";
import type { Log } from "../log/log.ts";
import { ReportLog } from "../log/report_log.ts";
import type { ReportLink } from "./report_link.ts";
import { EventWindow } from "./event_window.ts";
import { Backoff } from "../async/backoff.ts";
import { Condition, runTogether } from "../async/tasks.ts";
import { Watchdog } from "../async/watchdog.ts";
import { encodeRequest, NAK, renderMessage } from "../wire/v1.ts";

/** Options for {@link Protocol1Link}. */
export interface Protocol1LinkOptions {
  /** Opens a connection to the publisher. */
  readonly connect: Connect;
  /** Time. */
  readonly clock: Clock;
  /** Receives log records. */
  readonly log: Log;
  /** The token that the publisher requires, if any. */
  readonly token?: string | undefined;
  /**
   * Maximum number of pending requests; `submit` waits while it is reached.
   * @default {256}
   */
  readonly maxPending?: number;
  /**
   * Timeout for an answer, after which the connection is given up.
   * @default {2000}
   */
  readonly replyTimeoutMs?: number;
  /** Pause before the first reconnection; doubled each time. @default {100} */
  readonly firstPauseMs?: number;
  /** Longest pause before a reconnection. @default {5000} */
  readonly maxPauseMs?: number;
}

/** Counters of a {@link Protocol1Link} since its start. */
export interface Protocol1LinkCounters {
  /** Requests handed to the link. */
  submitted: number;
  /** Requests the publisher acknowledged. */
  acknowledged: number;
  /** Requests the publisher refused; they are not repeated. */
  refused: number;
  /** Connections given up: no answer, a wrong one, or an ambiguous one. */
  connectionsLost: number;
}

const EMPTY = new Uint8Array();
const ENCODER = new TextEncoder();

/**
 * An answer that matches no request in flight: the connection is out of step.
 */
class OutOfStepError extends Error {
  override readonly name = "OutOfStepError";
}

/** A refusal that may belong to any request in flight. */
class UnclearRefusalError extends Error {
  override readonly name = "UnclearRefusalError";
}

/** No answer within the timeout. */
class ReplyTimeoutError extends Error {
  override readonly name = "ReplyTimeoutError";
}

/** Sends requests until each is answered. Answers settle them in order. */
export class Protocol1Link implements ReportLink {
  readonly carriesTimes = false;
  /** What was done so far; `acknowledged + refused` requests are settled. */
  readonly counters: Protocol1LinkCounters = {
    submitted: 0,
    acknowledged: 0,
    refused: 0,
    connectionsLost: 0,
  };
  readonly #options: Required<Protocol1LinkOptions>;
  readonly #window: EventWindow<BanEvent>;
  /** Since when requests have been waiting, or the time of the last answer. */
  #waitingSinceMs = 0;
  readonly #changed = new Condition();
  readonly #watchdog: Watchdog;
  /** Number of requests that have to be sent one by one. */
  #alone = 0;
  #answeredSinceConnect = false;
  #unreachable = false;
  readonly #reported: ReportLog;

  /** @param options See {@link Protocol1LinkOptions}. */
  constructor(options: Protocol1LinkOptions) {
    this.#options = {
      token: undefined,
      maxPending: 256,
      replyTimeoutMs: 2_000,
      firstPauseMs: 100,
      maxPauseMs: 5_000,
      ...options,
    };
    this.#window = new EventWindow({ capacity: this.#options.maxPending });
    this.#watchdog = new Watchdog(options.clock);
    this.#reported = new ReportLog(options.log, "reported");
  }

  /** Number of answered requests, which are the first ones submitted. */
  get settled(): number {
    return this.counters.acknowledged + this.counters.refused;
  }

  /**
   * Milliseconds that requests have waited without an answer; `null`: none
   * waits.
   */
  get oldestAgoMs(): number | null {
    if (this.#window.size === 0) return null;
    const { clock } = this.#options;
    return Math.round(clock.monotonicMs() - this.#waitingSinceMs);
  }

  /** Whether the publisher answers, as far as is known. */
  get reachable(): boolean {
    return !this.#unreachable;
  }

  /**
   * Submits a request; waits while too many are unanswered.
   *
   * @param event The event to report.
   * @param signal Aborts the wait.
   */
  async submit(event: BanEvent, signal: AbortSignal): Promise<void> {
    while (!this.#window.hasRoom) await this.#changed.wait(signal);
    if (this.#window.size === 0) {
      this.#watchdog.feed();
      this.#waitingSinceMs = this.#options.clock.monotonicMs();
    }
    this.#window.push(event);
    this.counters.submitted++;
    this.#changed.notify();
  }

  /** Waits until `count` of the submitted requests are settled. */
  async waitSettled(count: number, signal: AbortSignal): Promise<void> {
    while (this.settled < count) await this.#changed.wait(signal);
  }

  /**
   * Sends submitted requests until aborted.
   *
   * @param signal Ends it.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    const backoff = new Backoff(this.#options);
    while (!signal.aborted) {
      this.#answeredSinceConnect = false;
      try {
        await this.#serveConnection(signal);
      } catch (error) {
        if (!isLoss(error)) throw error;
        this.counters.connectionsLost++;
        // The publisher is there; the requests are repeated one by one.
        if (error instanceof UnclearRefusalError) continue;
        this.#reportLoss(error);
        if (this.#answeredSinceConnect) backoff.reset();
        const pauseMs = backoff.next();
        log.record("debug", "connecting anew", { pauseMs });
        await clock.delay(pauseMs, signal).catch((reason) => {
          if (reason !== signal.reason) throw reason;
        });
      }
    }
  }

  async #serveConnection(signal: AbortSignal): Promise<void> {
    await using socket = this.#options.connect();
    this.#window.rewind();
    this.#noteProgress();
    try {
      await runTogether(signal, [
        (group) => this.#sendAll(socket, group),
        (group) => this.#receiveAll(socket, group),
        (group) => this.#watchProgress(group),
      ]);
    } finally {
      this.#reported.flush();
    }
  }

  async #sendAll(socket: MessageSocket, signal: AbortSignal): Promise<void> {
    while (true) {
      const mustWait = this.#alone > 0 && this.#window.inFlight > 0;
      const next = mustWait ? undefined : this.#window.nextBatch(1);
      if (next === undefined) {
        await this.#changed.wait(signal);
        continue;
      }
      for (const event of next.items) {
        const frame = encodeRequest(event, this.#options.token);
        await socket.send([EMPTY, frame], signal);
      }
    }
  }

  async #receiveAll(socket: MessageSocket, signal: AbortSignal): Promise<void> {
    while (true) this.#acknowledge(await socket.receive(signal));
  }

  #acknowledge(frames: Frames): void {
    const [delimiter, reply] = frames;
    const oldest = this.#window.oldestInFlight;
    const [event] = oldest?.items ?? [];
    if (
      oldest === undefined || event === undefined || delimiter?.length !== 0 ||
      reply === undefined ||
      frames.length !== 2
    ) throw new OutOfStepError("an answer that nobody asked for");
    const isRefusal = sameBytes(reply, NAK);
    if (isRefusal) {
      const { inFlight } = this.#window;
      if (inFlight > 1) {
        this.#alone = inFlight;
        throw new UnclearRefusalError("a refusal that may be another's");
      }
      this.counters.refused++;
      this.#options.log.record("error", "refused by the publisher", {
        action: event.kind,
        jail: event.jail,
        address: event.address,
      });
    } else if (sameBytes(reply, ENCODER.encode(renderMessage(event)))) {
      this.counters.acknowledged++;
      const { kind, jail, address } = event;
      this.#reported.add({ kind, jail, address });
    } else {
      throw new OutOfStepError("the answer to another request");
    }
    this.#window.acknowledge(oldest.batch);
    if (this.#window.size === 0) this.#reported.flush();
    this.#waitingSinceMs = this.#options.clock.monotonicMs();
    // A wrong token refuses all requests, so the next one may be refused, too.
    this.#alone = Math.max(this.#alone - 1, isRefusal ? 1 : 0);
    this.#noteProgress();
    this.#answeredSinceConnect = true;
    this.#reportReachable();
    this.#changed.notify();
  }

  /** Answers are expected while there are requests. */
  #noteProgress(): void {
    if (this.#window.size === 0) this.#watchdog.stop();
    else this.#watchdog.feed();
  }

  async #watchProgress(signal: AbortSignal): Promise<void> {
    await this.#watchdog.expired(this.#options.replyTimeoutMs, signal);
    throw new ReplyTimeoutError("no answer");
  }

  /** Logs once each time that the publisher stops answering. */
  #reportLoss(error: Error): void {
    if (this.#unreachable) return;
    this.#unreachable = true;
    this.#options.log.record("warning", "the publisher does not answer", {
      reason: error.message,
      waiting: this.#window.size,
    });
  }

  #reportReachable(): void {
    if (!this.#unreachable) return;
    this.#unreachable = false;
    this.#options.log.record("notice", "the publisher answers again");
  }
}

function isLoss(error: unknown): error is Error {
  return error instanceof ReplyTimeoutError ||
    error instanceof OutOfStepError || error instanceof UnclearRefusalError;
}

function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length &&
    left.every((byte, index) => byte === right[index]);
}
