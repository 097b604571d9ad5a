/**
 * Queues lines while their target can't take them.
 *
 * @module
 */

import { Backoff } from "../async/backoff.ts";
import { EitherSignal } from "../async/either_signal.ts";
import { RuntimeError } from "../base/errors.ts";
import type { LineSink, OutputLine } from "./line_sink.ts";
import type { Severity } from "./log.ts";
import type { Clock } from "../async/clock.ts";
import { TaskSet } from "../async/task_set.ts";
import { Condition } from "../async/tasks.ts";

/** Options for {@link LineQueue}. */
export interface LineQueueOptions {
  /** The target's name, such as `syslog (/dev/log)`. */
  readonly target: string;
  /**
   * Writes lines, in order.
   *
   * @throws {RuntimeError} when they were not written; they are tried again.
   */
  readonly deliver: (lines: readonly OutputLine[]) => Promise<void>;
  /** Time. */
  readonly clock: Clock;
  /** Called with one sentence when trouble begins, and when it ends. */
  readonly complain: (sentence: string) => void;
  /** Maximum number of lines in a call of `deliver`. @default {100} */
  readonly maxLinesAtOnce?: number;
  /**
   * How long lines are gathered after a call of `deliver`, in milliseconds, so
   * that many cost few calls. A warning and anything worse, a full call,
   * `flush`, `probe` and disposal end it. @default {0}
   */
  readonly gatherMs?: number;
  /** Maximum number of waiting lines. @default {1000} */
  readonly maxLines?: number;
  /** How long `flush` waits, in milliseconds. @default {1000} */
  readonly flushTimeoutMs?: number;
  /**
   * How long disposal waits, in milliseconds, since others may have waited
   * before. @default {500}
   */
  readonly closeTimeoutMs?: number;
}

/**
 * Reason that ends a wait; the runtime's own reason records a stack each time.
 */
const OVER: unknown = { name: "the end of a wait" };
/** Lines of these severities may be a program's last words. */
const URGENT: ReadonlySet<Severity> = new Set(["critical", "error", "warning"]);
const RETRY_PAUSES = { firstPauseMs: 100, maxPauseMs: 10_000 };

/**
 * A bounded queue before a slow or unreliable target. It can gather lines, so
 * that many cost few writes. When it is full the oldest line is dropped and
 * counted. Failed deliveries are repeated with a growing pause; trouble is
 * reported once when it begins, and once when it ends.
 */
export class LineQueue implements LineSink, AsyncDisposable {
  readonly #options: LineQueueOptions;
  readonly #maxLines: number;
  readonly #maxLinesAtOnce: number;
  readonly #flushTimeoutMs: number;
  readonly #stop = new AbortController();
  readonly #changed = new Condition();
  readonly #tasks = new TaskSet();
  #waiting: OutputLine[] = [];
  /** Lines of `#taken` that were delivered or lost. */
  #settled = 0;
  #taken = 0;
  /** Lines of `#taken` that are delivered without waiting for others. */
  #urgent = 0;
  /** When `deliver` last succeeded, by the monotonic clock. */
  #deliveredMs = -Infinity;
  /** Ends the last wait for further lines. */
  #gathering = new AbortController();
  #dropped = 0;
  /** Lines of `#dropped` that a `flush` has reported. */
  #reported = 0;
  #droppedBefore = 0;
  #trouble: string | undefined;
  #pumping = false;

  /** @param options See {@link LineQueueOptions}. */
  constructor(options: LineQueueOptions) {
    this.#options = options;
    this.#maxLines = options.maxLines ?? 1_000;
    this.#maxLinesAtOnce = options.maxLinesAtOnce ?? 100;
    this.#flushTimeoutMs = options.flushTimeoutMs ?? 1_000;
  }

  /** Number of lost lines. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Number of waiting lines. */
  get waiting(): number {
    return this.#taken - this.#settled;
  }

  /** Why lines wait; `undefined` while there is no trouble. */
  get lastReason(): string | undefined {
    return this.#trouble;
  }

  /** Accepts a line; after disposal it is lost. */
  write(line: OutputLine): void {
    if (this.#stop.signal.aborted) {
      this.#dropped++;
      return;
    }
    this.#taken++;
    this.#waiting.push(line);
    this.#dropOldest();
    const isFull = this.#waiting.length >= this.#maxLinesAtOnce;
    if (isFull || URGENT.has(line.severity)) this.#hurry();
    if (this.#pumping) return;
    this.#pumping = true;
    this.#tasks.add(() => this.#pump());
  }

  /**
   * Waits until `deliver` throws anything but a {@link RuntimeError}: a bug.
   *
   * @param signal Aborts the wait.
   * @throws what `deliver` threw, and the signal's reason on abort.
   */
  async failed(signal: AbortSignal): Promise<never> {
    return await this.#tasks.failed(signal);
  }

  async flush(signal: AbortSignal): Promise<void> {
    const { target } = this.#options;
    await this.#drain(signal, this.#flushTimeoutMs);
    const lost = this.#dropped - this.#reported;
    this.#reported = this.#dropped;
    if (lost > 0) {
      throw new RuntimeError(`${target} does not take lines: ${lost} are lost`);
    }
  }

  /**
   * Tests the delivery: waits until all accepted lines are delivered or there
   * is trouble, at most as long as `flush`.
   *
   * @param signal Aborts the wait.
   * @returns The trouble, if there is any.
   */
  async probe(signal: AbortSignal): Promise<string | undefined> {
    try {
      const hasTrouble = () => this.#trouble !== undefined;
      await this.#drain(signal, this.#flushTimeoutMs, hasTrouble);
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      return error.message;
    }
    return this.#trouble;
  }

  /**
   * Waits for the lines like `flush`, but more briefly; lines that are left are
   * lost, which is reported.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    const { closeTimeoutMs = 500 } = this.#options;
    try {
      await this.#drain(this.#stop.signal, closeTimeoutMs);
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      this.#options.complain(`${error.message}; giving up`);
    } finally {
      this.#stop.abort();
      this.#dropped += this.#waiting.length;
      this.#waiting = [];
    }
    this.#tasks.throwIfFailed();
  }

  /**
   * Waits until all accepted lines are delivered or lost, or `isOver` holds.
   */
  async #drain(
    signal: AbortSignal,
    timeoutMs: number,
    isOver: () => boolean = () => false,
  ): Promise<void> {
    const { clock, target } = this.#options;
    const upTo = this.#taken;
    this.#hurry();
    const deadlineMs = clock.monotonicMs() + timeoutMs;
    while (this.#settled < upTo && !isOver()) {
      const remainingMs = deadlineMs - clock.monotonicMs();
      if (remainingMs <= 0) {
        throw new RuntimeError(
          `${target} does not take lines: ${upTo - this.#settled} wait`,
        );
      }
      await this.#waitForChange(remainingMs, signal);
    }
  }

  async #waitForChange(withinMs: number, signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    using either = new EitherSignal([signal, over.signal]);
    const ignoreOver = (error: unknown) => {
      if (!over.signal.aborted || signal.aborted) throw error;
    };
    const waits = [
      this.#changed.wait(either.signal),
      this.#options.clock.delay(withinMs, either.signal),
    ];
    try {
      await Promise.race(waits);
    } finally {
      over.abort(OVER);
      await Promise.all(waits.map((wait) => wait.catch(ignoreOver)));
    }
  }

  async #pump(): Promise<void> {
    const { clock, gatherMs = 0 } = this.#options;
    const backoff = new Backoff(RETRY_PAUSES);
    while (this.#waiting.length > 0 && !this.#stop.signal.aborted) {
      const leftMs = this.#deliveredMs + gatherMs - clock.monotonicMs();
      if (leftMs > 0) await this.#gather(leftMs);
      const lines = this.#waiting.splice(0, this.#maxLinesAtOnce);
      if (await this.#delivered(lines)) {
        this.#deliveredMs = clock.monotonicMs();
        this.#settle(lines.length);
        backoff.reset();
        continue;
      }
      if (this.#stop.signal.aborted) {
        this.#dropped += lines.length;
        break;
      }
      this.#waiting.unshift(...lines);
      this.#dropOldest();
      await this.#pause(backoff.next(), this.#stop.signal);
    }
    this.#pumping = false;
    if (!this.#stop.signal.aborted) this.#endTrouble();
  }

  /** Waits for further lines, unless a waiting one is urgent. */
  async #gather(withinMs: number): Promise<void> {
    if (this.#settled < this.#urgent) return;
    this.#gathering = new AbortController();
    await this.#pause(withinMs, this.#gathering.signal);
  }

  /** Has the lines so far delivered without waiting for others. */
  #hurry(): void {
    this.#urgent = this.#taken;
    this.#gathering.abort(OVER);
  }

  async #delivered(lines: readonly OutputLine[]): Promise<boolean> {
    try {
      await this.#options.deliver(lines);
      return true;
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      this.#beginTrouble(error.message);
      return false;
    }
  }

  /** Waits for a time, or until the signal is aborted. */
  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    try {
      await this.#options.clock.delay(ms, signal);
    } catch (error) {
      if (error !== signal.reason) throw error;
    }
  }

  #dropOldest(): void {
    const excess = this.#waiting.length - this.#maxLines;
    if (excess <= 0) return;
    this.#beginTrouble(
      `${this.#options.target} does not keep up, and the oldest lines are dropped`,
    );
    this.#waiting.splice(0, excess);
    this.#dropped += excess;
    this.#settle(excess);
  }

  #settle(lines: number): void {
    this.#settled += lines;
    this.#changed.notify();
  }

  #beginTrouble(sentence: string): void {
    if (this.#stop.signal.aborted) return;
    const isNew = this.#trouble === undefined;
    this.#trouble = sentence;
    if (!isNew) return;
    this.#droppedBefore = this.#dropped;
    this.#options.complain(sentence);
    this.#changed.notify();
  }

  #endTrouble(): void {
    if (this.#trouble === undefined) return;
    this.#trouble = undefined;
    const lost = this.#dropped - this.#droppedBefore;
    this.#options.complain(
      `${this.#options.target} takes lines again; ${lost} were lost`,
    );
  }
}
