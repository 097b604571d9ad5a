/**
 * Tells another host what happens, in messages of JSON.
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
  /** Who tells. */
  readonly teller: Teller;
  /** What is told. */
  readonly kinds: readonly ToldKind[];
  /** Whether addresses are left in the words. */
  readonly showsAddresses: boolean;
  readonly clock: Clock;
  readonly log: Log;
}

/** Events that wait at most; above it the oldest is dropped. */
export const MAX_WAITING_EVENTS = 1_000;
/** Events in a message. */
export const MAX_EVENTS_AT_ONCE = 100;
/** What happens within it is one message. */
export const GATHERING_MS = 1_000;
/** Shortest time between two messages. */
export const MESSAGE_INTERVAL_MS = 10_000;
const TIMEOUT_MS = 10_000;
const RETRY_PAUSES = { firstPauseMs: 1_000, maxPauseMs: 300_000 };

/** Counts of a webhook. */
export interface WebhookCounters {
  /** Messages that arrived. */
  readonly ok: number;
  /** Tries that failed. */
  readonly failed: number;
  /** Events that nobody was told: too many waited, or the receiver would not have them. */
  readonly lost: number;
  /** Events that wait. */
  readonly waiting: number;
}

/**
 * A bounded queue of events before a receiver. A message is tried again, with
 * growing pauses, until it arrives; events gather behind it. One that the
 * receiver will not have is given up.
 */
export class Webhook {
  readonly #options: WebhookOptions;
  readonly #kinds: ReadonlySet<ToldEvent["event"]>;
  readonly #troubles: TroubleLog;
  readonly #changed = new Condition();
  readonly #startedMs: number;
  #waiting: DatedEvent[] = [];
  /** Events of the message that is on its way. */
  #underWay = 0;
  #messages = 0;
  #sent = 0;
  #failed = 0;
  #lost = 0;
  /** Lost events that no message has told of. */
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

  /** What was done so far. */
  get counters(): WebhookCounters {
    return {
      ok: this.#sent,
      failed: this.#failed,
      lost: this.#lost,
      waiting: this.#waiting.length + this.#underWay,
    };
  }

  /** Takes an event, if such are told. Never throws, never waits. */
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

  /** Sends what it is told, until aborted. */
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

  /** @returns Whether there is nothing more to be done about a message. */
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
