/**
 * Sends events to another host as JSON messages.
 *
 * @module
 */

import { Backoff } from "../async/backoff.ts";
import type { Clock } from "../async/clock.ts";
import { Condition } from "../async/tasks.ts";
import { RuntimeError } from "../base/errors.ts";
import type { HttpTarget } from "../http/http_target.ts";
import type { Log } from "../log/log.ts";
import { TroubleLog } from "../log/trouble_log.ts";
import { NotTakenError } from "./answer_trouble.ts";
import type { HttpAsker } from "./ports.ts";
import {
  type ToldEvent,
  type ToldKind,
  withoutAddresses,
} from "./told_event.ts";
import {
  type DatedEvent,
  type Teller,
  webhookMessage,
} from "./webhook_message.ts";

/** Options for {@link Webhook}. */
export interface WebhookOptions {
  readonly target: HttpTarget;
  readonly asker: HttpAsker;
  /** The program that sends. */
  readonly teller: Teller;
  /** The kinds of event to send. */
  readonly kinds: readonly ToldKind[];
  /** Whether the words may contain addresses. */
  readonly showsAddresses: boolean;
  readonly clock: Clock;
  readonly log: Log;
}

/** Maximum number of queued events; beyond it the oldest is dropped. */
export const MAX_WAITING_EVENTS = 1_000;
/** Maximum number of events in a message. */
export const MAX_EVENTS_AT_ONCE = 100;
/** Events within this time share a message. */
export const GATHERING_MS = 1_000;
/** Minimum time between two messages. */
export const MESSAGE_INTERVAL_MS = 10_000;
const TIMEOUT_MS = 10_000;
const RETRY_PAUSES = { firstPauseMs: 1_000, maxPauseMs: 300_000 };

/** Counts of a webhook. */
export interface WebhookCounters {
  /** Messages that the receiver accepted. */
  readonly ok: number;
  /** Attempts that failed. */
  readonly failed: number;
  /**
   * Events that were dropped: the queue was full, or the receiver refused them.
   */
  readonly lost: number;
  /** Events that are queued or being sent. */
  readonly waiting: number;
}

/**
 * A bounded queue of events for one receiver. A message is retried with growing
 * pauses until it arrives; later events queue behind it. A message that the
 * receiver refuses is dropped.
 */
export class Webhook {
  readonly #options: WebhookOptions;
  readonly #kinds: ReadonlySet<ToldEvent["event"]>;
  readonly #troubles: TroubleLog;
  readonly #changed = new Condition();
  readonly #startedMs: number;
  #waiting: DatedEvent[] = [];
  /** Number of events in the message that is being sent. */
  #underWay = 0;
  #messages = 0;
  #sent = 0;
  #failed = 0;
  #lost = 0;
  /** Dropped events that no message has reported yet. */
  #untoldLost = 0;

  /** @param options See {@link WebhookOptions}. */
  constructor(options: WebhookOptions) {
    this.#options = options;
    const { kinds, log, clock } = options;
    this.#kinds = new Set(kinds);
    this.#startedMs = clock.nowMs();
    this.#troubles = new TroubleLog({
      ...{ log, clock },
      trouble: "the webhook's receiver takes no message",
      over: "the webhook's receiver takes messages again",
    });
  }

  /** Counts since the start. */
  get counters(): WebhookCounters {
    return {
      ok: this.#sent,
      failed: this.#failed,
      lost: this.#lost,
      waiting: this.#waiting.length + this.#underWay,
    };
  }

  /** Queues an event of a configured kind. Never throws, never waits. */
  note(event: ToldEvent): void {
    if (!this.#kinds.has(event.event)) return;
    const { showsAddresses, clock } = this.#options;
    const told = showsAddresses ? event : withoutAddresses(event);
    this.#waiting.push({ ...told, atMs: clock.nowMs() });
    if (this.#waiting.length > MAX_WAITING_EVENTS) {
      this.#waiting.shift();
      this.#lose(1);
    }
    this.#changed.notify();
  }

  /** Sends queued events until aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (true) {
      while (this.#waiting.length === 0) await this.#changed.wait(signal);
      await clock.delay(GATHERING_MS, signal);
      await this.#send(signal);
      await clock.delay(MESSAGE_INTERVAL_MS - GATHERING_MS, signal);
    }
  }

  async #send(signal: AbortSignal): Promise<void> {
    const { teller, clock } = this.#options;
    const events = this.#waiting.splice(0, MAX_EVENTS_AT_ONCE);
    const lost = this.#untoldLost;
    this.#underWay = events.length;
    const json = webhookMessage(events, {
      ...{ teller, lost },
      id: `${this.#startedMs}-${++this.#messages}`,
    });
    const backoff = new Backoff(RETRY_PAUSES);
    while (!await this.#settled(json, events.length, lost, signal)) {
      await clock.delay(backoff.next(), signal);
    }
    this.#underWay = 0;
  }

  /** @returns Whether the message is done: delivered or refused. */
  async #settled(
    json: string,
    events: number,
    lost: number,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { target, asker } = this.#options;
    try {
      await asker.ask({ target, json, timeoutMs: TIMEOUT_MS }, signal);
      this.#sent++;
      this.#untoldLost -= lost;
      this.#troubles.resolve();
      return true;
    } catch (error) {
      if (signal.aborted || !(error instanceof RuntimeError)) throw error;
      this.#failed++;
      const { message, hint } = error;
      this.#troubles.report(message, { hint });
      if (!(error instanceof NotTakenError)) return false;
      this.#lose(events);
      return true;
    }
  }

  #lose(events: number): void {
    this.#lost += events;
    this.#untoldLost += events;
  }
}
