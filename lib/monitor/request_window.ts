/**
 * The requests that are not yet answered, in order. A REP peer answers in
 * order, so the oldest request in flight is the one that a reply belongs to.
 *
 * @module
 */

/**
 * A bounded queue whose front part is in flight.
 *
 * @typeParam T What is requested.
 *
 * @example
 * ```ts
 * import { RequestWindow } from "./request_window.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * const window = new RequestWindow<string>(2);
 * window.push("a");
 * window.push("b");
 * strictEqual(window.hasRoom, false);
 * strictEqual(window.nextUnsent(), "a");
 * window.rewind(); // the connection was lost: "a" goes again
 * strictEqual(window.nextUnsent(), "a");
 * strictEqual(window.acknowledgeOldest(), "a");
 * strictEqual(window.hasRoom, true);
 * ```
 */
export class RequestWindow<T> {
  readonly #capacity: number;
  #pending: T[] = [];
  #inFlight = 0;

  /**
   * @param capacity How many requests it holds, in flight or not.
   * @throws {RangeError} when `capacity` is not a whole number above 0.
   */
  constructor(capacity: number) {
    if (!Number.isInteger(capacity) || capacity < 1) {
      throw new RangeError(
        `Cannot make a window: 'capacity' must be a whole number above 0, current value is ${capacity}`,
      );
    }
    this.#capacity = capacity;
  }

  /** Requests held, in flight or not. */
  get size(): number {
    return this.#pending.length;
  }

  /** Requests in flight. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Whether another request may be pushed. */
  get hasRoom(): boolean {
    return this.#pending.length < this.#capacity;
  }

  /** The request that the next reply belongs to. */
  get oldestInFlight(): T | undefined {
    return this.#inFlight > 0 ? this.#pending[0] : undefined;
  }

  /**
   * Adds a request behind the others.
   *
   * @param request What to request.
   * @throws {RangeError} when the window is full.
   */
  push(request: T): void {
    if (!this.hasRoom) throw new RangeError("Cannot push: the window is full");
    this.#pending.push(request);
  }

  /** Takes the next request into flight; `undefined` when all are. */
  nextUnsent(): T | undefined {
    const request = this.#pending[this.#inFlight];
    if (this.#inFlight < this.#pending.length) this.#inFlight++;
    return request;
  }

  /**
   * Removes the oldest request in flight: it has been answered.
   *
   * @returns The request.
   * @throws {RangeError} when none is in flight.
   */
  acknowledgeOldest(): T {
    const [request] = this.#pending;
    if (this.#inFlight === 0 || request === undefined) {
      throw new RangeError("Cannot settle: nothing is in flight");
    }
    this.#pending.shift();
    this.#inFlight--;
    return request;
  }

  /** Takes everything out of flight: what was not answered goes again, in order. */
  rewind(): void {
    this.#inFlight = 0;
  }
}
