/**
 * What one who watches has not read yet.
 *
 * @module
 */

import { Condition } from "../async/tasks.ts";
import { type Subject, subjectMatcher } from "./ban_match.ts";
import type { SubjectFilter } from "../wire/operator_bans.ts";
import { type LiveEvent, MAX_LINE_EVENTS } from "../wire/operator_tail.ts";

/** Events that wait for one reader. */
export const MAX_WAITING_EVENTS = 2_000;

/**
 * Holds so many events; what comes while it is full is counted, and stands as
 * `lost` where it would have been.
 */
export class EventQueue {
  readonly #events: LiveEvent[] = [];
  readonly #changed = new Condition();
  readonly #wants: (subject: Subject) => boolean;
  #lost = 0;

  /** @param filter What is of concern. */
  constructor(filter: SubjectFilter) {
    this.#wants = subjectMatcher(filter);
  }

  /** Whether there is something to read. */
  get isEmpty(): boolean {
    return this.#events.length === 0 && this.#lost === 0;
  }

  /**
   * Takes an event, if it is of concern.
   *
   * @param subject With which ban it happened, and who reported that.
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

  /** The next events, in their order: as many as stand in a line. */
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
