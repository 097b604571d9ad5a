/**
 * The monitor's link to the publisher by protocol 2: events in batches, each
 * repeated until it is answered.
 *
 * @module
 */

import { keyOf } from "../ban/ban.ts";
import type { Epoch } from "../base/ids.ts";
import type {
  EventResult,
  NodeEvent,
  RemainingMs,
} from "../wire/v2_messages.ts";
import { type ControlClient } from "../client/control_client.ts";
import {
  LostSessionError,
  NoAnswerError,
  type PublisherAnswer,
  type Session,
} from "../client/session.ts";
import { EventWindow } from "./event_window.ts";
import { LogThrottle } from "../log/log_throttle.ts";
import { ReportLog } from "../log/report_log.ts";
import type { Clock } from "../async/clock.ts";
import type { Log } from "../log/log.ts";
import type { Report, ReportLink, ReportOfBan } from "./report_link.ts";
import { Condition, runTogether } from "../async/tasks.ts";
import { Watchdog } from "../async/watchdog.ts";
import { MAX_SPAN_MS } from "../wire/v2.ts";
import { agoMs } from "../wire/wire_times.ts";

/** Options for {@link Protocol2Link}. */
export interface Protocol2LinkOptions {
  /** The session with the publisher; nobody else runs it. */
  readonly session: ControlClient;
  /** Time. */
  readonly clock: Clock;
  /** Receives log records. */
  readonly log: Log;
  /**
   * Maximum number of pending events; `submit` waits while it is reached.
   * @default {4096}
   */
  readonly maxPending?: number;
  /** Maximum number of batches in flight. @default {4} */
  readonly maxInFlight?: number;
  /**
   * Default timeout for an answer, after which the session is given up.
   * @default {2000}
   */
  readonly replyTimeoutMs?: number;
}

/** Counters of a {@link Protocol2Link} since its start. */
export interface Protocol2LinkCounters {
  /** Events handed to the link. */
  readonly submitted: number;
  /** Events that the publisher has, including the `known` ones. */
  readonly acknowledged: number;
  /** Events that the publisher had before, or that changed nothing. */
  readonly known: number;
  /** Events the publisher refused; they are not repeated. */
  readonly refused: number;
  /** Bans that ended before they were sent. */
  readonly expired: number;
  /** Batches sent. */
  readonly batches: number;
  /** Connections given up. */
  readonly connectionsLost: number;
}

/** A report that is not yet answered. */
interface Pending {
  readonly report: Report;
  /**
   * When the ban ends, by the clock that never jumps; `Infinity` for an unban.
   */
  readonly endsMs: number;
  /**
   * When the ban was made, by the clock that never jumps; for an unban, when it
   * was submitted.
   */
  readonly madeMs: number;
  /** When it was submitted, likewise. */
  readonly sinceMs: number;
}

/**
 * Sends events until each is answered. An event is sent at once while the link
 * is idle. Events that come while answers are awaited go together in the next
 * batch.
 *
 * Events with the same jail and address are never in flight in two batches, so
 * they arrive in order even if batches get lost.
 */
export class Protocol2Link implements ReportLink {
  readonly carriesTimes = true;
  readonly #options: Required<Protocol2LinkOptions>;
  readonly #window: EventWindow<Pending>;
  readonly #changed = new Condition();
  readonly #watchdog: Watchdog;
  readonly #refusals: LogThrottle;
  readonly #reported: ReportLog;
  #epoch: Epoch | undefined;
  readonly #counters = {
    submitted: 0,
    acknowledged: 0,
    known: 0,
    refused: 0,
    expired: 0,
    batches: 0,
  };

  /** @param options See {@link Protocol2LinkOptions}. */
  constructor(options: Protocol2LinkOptions) {
    this.#options = {
      maxPending: 4_096,
      maxInFlight: 4,
      replyTimeoutMs: 2_000,
      ...options,
    };
    this.#window = new EventWindow({
      capacity: this.#options.maxPending,
      keyOf: ({ report }) => keyOf(report),
    });
    this.#watchdog = new Watchdog(options.clock);
    this.#refusals = new LogThrottle(options.log, options.clock);
    this.#reported = new ReportLog(options.log, "reported");
  }

  get counters(): Protocol2LinkCounters {
    const { lost } = this.#options.session.counters;
    return { ...this.#counters, connectionsLost: lost };
  }

  get settled(): number {
    return this.#window.settled;
  }

  /**
   * Age of the oldest unanswered report in milliseconds; `null`: there is none.
   */
  get oldestAgoMs(): number | null {
    const { oldest } = this.#window;
    if (oldest === undefined) return null;
    return Math.round(this.#options.clock.monotonicMs() - oldest.sinceMs);
  }

  get reachable(): boolean {
    return this.#options.session.reachable;
  }

  async submit(report: Report, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!this.#window.hasRoom) await this.#changed.wait(signal);
    // From here on a step of the host's clock has no effect.
    const nowMs = clock.nowMs();
    const sinceMs = clock.monotonicMs();
    const aheadMs = nowMs - sinceMs;
    const { expiresMs, madeMs = nowMs } = timesOf(report);
    this.#window.push({
      report,
      endsMs: expiresMs - aheadMs,
      madeMs: madeMs - aheadMs,
      sinceMs,
    });
    this.#counters.submitted++;
    this.#changed.notify();
  }

  async otherEpoch(
    epoch: Epoch | undefined,
    signal: AbortSignal,
  ): Promise<Epoch> {
    while (this.#epoch === undefined || this.#epoch === epoch) {
      await this.#changed.wait(signal);
    }
    return this.#epoch;
  }

  async waitSettled(count: number, signal: AbortSignal): Promise<void> {
    while (this.settled < count) await this.#changed.wait(signal);
  }

  async run(signal: AbortSignal): Promise<void> {
    try {
      await this.#options.session.run(
        signal,
        (session, ended) => this.#handler(session, ended),
      );
    } finally {
      this.#refusals.flush();
    }
  }

  async #handler(session: Session, signal: AbortSignal): Promise<void> {
    this.#window.rewind();
    this.#watchdog.stop();
    this.#epoch = session.welcome.epoch;
    this.#changed.notify();
    await runTogether(signal, [
      (group) => this.#sendAll(session, group),
      (group) => this.#receiveAll(session, group),
      (group) => this.#watchAnswers(group),
    ]);
    signal.throwIfAborted();
  }

  async #sendAll(
    { welcome, send }: Session,
    signal: AbortSignal,
  ): Promise<void> {
    const { session, limits } = welcome;
    while (true) {
      const next = this.#takeBatch(limits.maxEvents);
      if (next === undefined) {
        await this.#changed.wait(signal);
        continue;
      }
      const { batch, events } = next;
      this.#counters.batches++;
      await send({ kind: "EVENTS", session, batch, events }, signal);
    }
  }

  /** The next events, with the remaining time of their bans. */
  #takeBatch(
    max: number,
  ): { readonly batch: number; readonly events: NodeEvent[] } | undefined {
    const { clock, maxInFlight } = this.#options;
    if (this.#window.inFlight >= maxInFlight) return undefined;
    const nowMs = clock.monotonicMs();
    const settledBefore = this.#window.settled;
    const isIdle = this.#window.inFlight === 0;
    const next = this.#window.nextBatch(
      max,
      (pending) => this.#drop(pending, nowMs),
    );
    if (next !== undefined && isIdle) this.#watchdog.feed();
    if (next !== undefined || this.#window.settled > settledBefore) {
      this.#changed.notify();
    }
    return next && {
      batch: next.batch,
      events: next.items.map((pending) => eventOf(pending, nowMs)),
    };
  }

  /** Whether there is nothing to send any more. */
  #drop({ report, endsMs }: Pending, nowMs: number): boolean {
    if (endsMs > nowMs) return false;
    const { jail, address } = report;
    this.#counters.expired++;
    this.#options.log.record("debug", "ban is over, not reported", {
      jail,
      address,
    });
    return true;
  }

  async #receiveAll(
    { receive }: Session,
    signal: AbortSignal,
  ): Promise<void> {
    while (true) this.#acknowledge(await receive(signal));
  }

  #acknowledge(answer: PublisherAnswer): void {
    if (answer.kind !== "ACK") {
      throw new LostSessionError(`it answers events with ${answer.kind}`);
    }
    const items = this.#window.itemsOf(answer.batch);
    if (items === undefined) return;
    if (items.length !== answer.results.length) {
      throw new LostSessionError("it answers what it was not asked");
    }
    items.forEach(({ report }, index) =>
      this.#note(report, answer.results[index])
    );
    this.#reported.flush();
    this.#window.acknowledge(answer.batch);
    if (this.#window.inFlight === 0) this.#watchdog.stop();
    else this.#watchdog.feed();
    this.#changed.notify();
  }

  #note(report: Report, result: EventResult | undefined): void {
    const { kind, jail, address, id } = report;
    if (result === undefined || result.outcome === "refused") {
      this.#counters.refused++;
      const fields = { action: kind, jail, address, rule: result?.rule };
      this.#refusals.record("error", "refused by the publisher", fields);
      return;
    }
    this.#counters.acknowledged++;
    if (result.outcome === "known") this.#counters.known++;
    const change = result.change ?? undefined;
    this.#reported.add({ kind, jail, address, id, change });
  }

  async #watchAnswers(signal: AbortSignal): Promise<void> {
    const { replyTimeoutMs, session } = this.#options;
    const timeoutMs = session.answerTimeout.of(replyTimeoutMs);
    await this.#watchdog.expired(timeoutMs, signal);
    throw new NoAnswerError();
  }
}

/** An unban has no end. */
function timesOf(report: Report): Pick<ReportOfBan, "expiresMs" | "madeMs"> {
  return report.kind === "ban" ? report : { expiresMs: Infinity };
}

function eventOf(
  { report, endsMs, madeMs }: Pending,
  nowMs: number,
): NodeEvent {
  const { kind, id, jail, address } = report;
  if (kind === "unban") return { kind, id, jail, address, why: report.why };
  const remainingMs = remaining(endsMs - nowMs);
  return { kind, id, jail, address, remainingMs, agoMs: agoMs(madeMs, nowMs) };
}

/** A duration that is too long for the wire is sent as permanent. */
function remaining(ms: number): RemainingMs {
  return ms > MAX_SPAN_MS ? null : Math.ceil(ms);
}
