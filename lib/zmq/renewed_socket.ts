/**
 * A socket that receives, over a new connection when it falls silent.
 *
 * libzmq gives a connection that it made up for good when the other end breaks
 * the protocol: a SUB that was sent a frame longer than it takes receives
 * nothing any more, and gets no error. Broadcasts of protocol 1 have no heartbeat, so
 * a silence may also mean that nothing happens. The old connection goes on for
 * a while beside the new one: nothing is missed, and a message may come twice.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import type { Connect, Frames, MessageSocket } from "./ports.ts";
import type { Log } from "../log/log.ts";
import { Condition, runTogether } from "../async/tasks.ts";
import { Watchdog } from "../async/watchdog.ts";

/** Options for {@link RenewedSocket}. */
export interface RenewedSocketOptions {
  /** Opens a connection to the one peer. */
  readonly connect: Connect;
  /** Time. */
  readonly clock: Clock;
  /** Receives log records. */
  readonly log: Log;
  /** Time without a message after which there is a new connection. @default {30000} */
  readonly silenceMs?: number;
  /** Time for which the old one is used beside it. @default {2000} */
  readonly overlapMs?: number;
}

/** Messages taken from the connections ahead of who receives them. */
const MAX_AHEAD = 1_000;

/** Receives from whichever connection it has; `run` keeps that one fresh. */
export class RenewedSocket {
  readonly #options: Required<RenewedSocketOptions>;
  readonly #changed = new Condition();
  readonly #first: MessageSocket;
  readonly #watchdog: Watchdog;
  #ahead: Frames[] = [];

  /** Makes one of what it works with; it connects at once. */
  constructor(options: RenewedSocketOptions) {
    this.#options = { silenceMs: 30_000, overlapMs: 2_000, ...options };
    this.#first = options.connect();
    this.#watchdog = new Watchdog(options.clock);
    this.#watchdog.feed();
  }

  /** As {@link MessageSocket.receive}. */
  async receive(signal: AbortSignal): Promise<Frames> {
    while (true) {
      const frames = this.#ahead.shift();
      if (frames === undefined) {
        await this.#changed.wait(signal);
        continue;
      }
      if (this.#ahead.length === MAX_AHEAD - 1) this.#changed.notify();
      return frames;
    }
  }

  /**
   * Receives until aborted, and closes its connections.
   *
   * @param signal Ends it; the promise then rejects with its reason.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { connect, clock, log, silenceMs, overlapMs } = this.#options;
    let socket = this.#first;
    let before: MessageSocket | undefined;
    try {
      while (true) {
        await runTogether(signal, [
          (group) => this.#receive(socket, group),
          (group) => this.#watchdog.expired(silenceMs, group),
        ]);
        signal.throwIfAborted();
        log.record("debug", "nothing was heard, connecting anew", {
          silenceMs,
        });
        const old = before = socket;
        socket = connect();
        await runTogether(signal, [
          (group) => this.#receive(old, group),
          (group) => this.#receive(socket, group),
          (group) => clock.delay(overlapMs, group),
        ]);
        await old[Symbol.asyncDispose]();
        this.#watchdog.feed();
      }
    } finally {
      await socket[Symbol.asyncDispose]();
      await before?.[Symbol.asyncDispose]();
    }
  }

  async #receive(socket: MessageSocket, signal: AbortSignal): Promise<void> {
    while (true) {
      this.#ahead.push(await socket.receive(signal));
      this.#watchdog.feed();
      this.#changed.notify();
      while (this.#ahead.length >= MAX_AHEAD) await this.#changed.wait(signal);
    }
  }
}
