/**
 * A socket that others connect to, and that is bound anew to cut all its
 * connections: libzmq has no other way to end one.
 *
 * @module
 */

import { TroubleLog } from "../log/trouble_log.ts";
import { RuntimeError } from "../base/errors.ts";
import type { BoundSocket, Frames, MessageSocket } from "./ports.ts";
import type { Clock } from "../async/clock.ts";
import type { Log } from "../log/log.ts";
import { Condition } from "../async/tasks.ts";
import { Backoff } from "../async/backoff.ts";
import { ExclusiveWait } from "../async/exclusive_wait.ts";

/** What a socket is made of. */
export interface ReboundSocketOptions {
  /** Binds it; called again once the one before is closed. */
  readonly bind: () => BoundSocket;
  /** Time. */
  readonly clock: Clock;
  /** Where to tell. */
  readonly log: Log;
  /** Pause after the first failure to bind it anew, in milliseconds; doubled each time. @default {50} */
  readonly firstPauseMs?: number;
  /** Longest such pause, in milliseconds. @default {2000} */
  readonly maxPauseMs?: number;
}

/**
 * Whichever socket is bound now. What was sent or had come over the one before
 * and was not yet handed over goes with its connections.
 */
export class ReboundSocket implements MessageSocket {
  readonly #options: Required<ReboundSocketOptions>;
  readonly #troubles: TroubleLog;
  readonly #bound = new Condition();
  readonly #rebinding = new ExclusiveWait("bind anew");
  /** `undefined` while there is none. */
  #socket: BoundSocket | undefined;

  /**
   * Binds it for the first time.
   *
   * @throws {RuntimeError} when the address can't be had.
   */
  constructor(options: ReboundSocketOptions) {
    this.#options = { firstPauseMs: 50, maxPauseMs: 2_000, ...options };
    const { clock, log, bind } = options;
    this.#troubles = new TroubleLog({
      clock,
      log,
      trouble: "can't listen any more, and try again",
      over: "listening again",
    });
    this.#socket = bind();
  }

  /**
   * Waits while there is no socket. A message that was on its way when the
   * socket was closed is lost.
   */
  async send(frames: Frames, signal: AbortSignal): Promise<void> {
    const socket = await this.#present(signal);
    try {
      await socket.send(frames, signal);
    } catch (error) {
      if (this.#socket === socket || signal.aborted) throw error;
    }
  }

  async receive(signal: AbortSignal): Promise<Frames> {
    while (true) {
      const socket = await this.#present(signal);
      try {
        return await socket.receive(signal);
      } catch (error) {
        if (this.#socket === socket || signal.aborted) throw error;
      }
    }
  }

  /**
   * Cuts all connections, and resolves once others can be made. One call at a
   * time.
   *
   * @param signal Ends the attempts; there may be no socket then.
   */
  async rebind(signal: AbortSignal): Promise<void> {
    using _turn = this.#rebinding.enter();
    const old = this.#socket;
    this.#socket = undefined;
    await old?.[Symbol.asyncDispose]();
    const backoff = new Backoff(this.#options);
    while (!this.#tryBind()) {
      await this.#options.clock.delay(backoff.next(), signal);
    }
    this.#bound.notify();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#socket?.[Symbol.asyncDispose]();
  }

  #tryBind(): boolean {
    try {
      this.#socket = this.#options.bind();
      this.#troubles.resolve();
      return true;
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      this.#troubles.report(error.message);
      return false;
    }
  }

  async #present(signal: AbortSignal): Promise<BoundSocket> {
    while (this.#socket === undefined) await this.#bound.wait(signal);
    return this.#socket;
  }
}
