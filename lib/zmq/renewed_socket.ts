/**
 * A receiving socket that opens a new connection when it falls silent.
 *
 * libzmq gives up a connection for good when the other end breaks the protocol:
 * a SUB that was sent a frame longer than its limit receives nothing more, and
 * gets no error. Broadcasts of protocol 1 have no heartbeat, so silence may
 * also mean that nothing happens. The old connection stays open for a while
 * beside the new one, so no message is missed, and one may arrive twice.
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
  /** Silence after which it reconnects, in milliseconds. @default {30000} */
  readonly silenceMs?: number;
  /**
   * Time that the old connection stays open, in milliseconds.
   *
   * @default {2000}
   */
  readonly overlapMs?: number;
}

/** Messages read from the connections before `receive` takes them. */
const MAX_AHEAD = 1_000;

/** Receives from its current connection, which `run` renews. */
export class RenewedSocket {
  readonly #options: Required<RenewedSocketOptions>;
  readonly #changed = new Condition();
  readonly #first: MessageSocket;
  readonly #watchdog: Watchdog;
  #ahead: Frames[] = [];

  /** Connects at once. */
  constructor(options: RenewedSocketOptions) {
    this.#options = { silenceMs: 30_000, overlapMs: 2_000, ...options };
    this.#first = options.connect();
    this.#watchdog = new Watchdog(options.clock);
    this.#watchdog.feed();
  }

  /** Waits for the next message, as {@link MessageSocket.receive} does. */
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
   * Receives until aborted, then closes its connections.
   *
   * @param signal Stops it; the promise then rejects with its reason.
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
