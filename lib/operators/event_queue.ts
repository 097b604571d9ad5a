/**
 * The unread events of one watching operator.
 *
 * @module
 */

import { Condition } from "../async/tasks.ts";
import { type Subject, subjectMatcher } from "./ban_match.ts";
import type { SubjectFilter } from "../wire/operator_bans.ts";
import { type LiveEvent, MAX_LINE_EVENTS } from "../wire/operator_tail.ts";

/** Maximum number of queued events of a reader. */
export const MAX_WAITING_EVENTS = 2_000;

/**
 * A bounded queue. Events that arrive while it is full are counted; a `lost`
 * event with their number takes their place.
 */
export class EventQueue {
  readonly #events: LiveEvent[] = [];
  readonly #changed = new Condition();
  readonly #wants: (subject: Subject) => boolean;
  #lost = 0;

  /** @param filter Selects events. */
  constructor(filter: SubjectFilter) {
    this.#wants = subjectMatcher(filter);
  }

  /** Whether nothing is queued. */
  get isEmpty(): boolean {
    return this.#events.length === 0 && this.#lost === 0;
  }

  /**
   * Queues an event that matches the filter.
   *
   * @param subject The ban of the event, and the nodes that reported it.
   */
  put(event: LiveEvent, subject: Subject): void {
    if (!this.#wants(subject)) return;
    if (this.#events.length < MAX_WAITING_EVENTS) {
      this.#stateLoss();
      this.#events.push(event);
    } else {
      this.#lost++;
    }
    this.#changed.notify();
  }

  /** Removes the next events, in order, as many as fit a line. */
  take(): readonly LiveEvent[] {
    if (this.#events.length < MAX_LINE_EVENTS) this.#stateLoss();
    return this.#events.splice(0, MAX_LINE_EVENTS);
  }

  /**
   * Waits for the next event.
   *
   * @throws the signal's reason on abort.
   */
  async wait(signal: AbortSignal): Promise<void> {
    await this.#changed.wait(signal);
  }

  #stateLoss(): void {
    if (this.#lost === 0) return;
    this.#events.push({ kind: "lost", count: this.#lost });
    this.#lost = 0;
  }
}
