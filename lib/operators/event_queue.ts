/**
 * What one who watches has not read yet.
 *
 * @module
 */

import { Condition } from "../async/tasks.ts";
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
  #lost = 0;

  /** Whether there is something to read. */
  get isEmpty(): boolean {
    return this.#events.length === 0 && this.#lost === 0;
  }

  /** Takes an event. */
  put(event: LiveEvent): void {
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
