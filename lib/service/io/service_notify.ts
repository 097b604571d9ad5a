/**
 * Reports the program's state to the service manager.
 *
 * @see {@link https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html | sd_notify(3)}
 * @module
 */

import { RuntimeError } from "../../base/errors.ts";
import type { DatagramSender } from "../../log/datagram_sender.ts";
import type { Clock } from "../../async/clock.ts";

/** Longest wait for room in the manager's queue. */
const WAIT_MS = 200;
/** Most states that wait for room in the manager's queue. */
const MAX_UNSENT = 3;

/** The service manager's settings in the environment. */
export interface NotifySettings {
  /** `NOTIFY_SOCKET`: the manager's socket. */
  readonly socketPath: string;
  /** Half of `WATCHDOG_USEC`, in milliseconds; `undefined`: no watchdog. */
  readonly watchdogEveryMs: number | undefined;
}

/**
 * Reads the settings from the environment.
 *
 * @param pid This process: a watchdog may be for another.
 * @returns `undefined` without a service manager, or if its socket is no path.
 */
export function notifySettings(pid: number): NotifySettings | undefined {
  const socketPath = Deno.env.get("NOTIFY_SOCKET");
  if (socketPath === undefined || !socketPath.startsWith("/")) return undefined;
  const microseconds = Number(Deno.env.get("WATCHDOG_USEC"));
  const watched = Deno.env.get("WATCHDOG_PID");
  const isMeant = watched === undefined || Number(watched) === pid;
  const everyMs = microseconds / 2_000;
  return {
    socketPath,
    watchdogEveryMs: isMeant && everyMs >= 1 ? everyMs : undefined,
  };
}

/** The service manager, and the sender to reach it. */
export interface NotifyTarget extends NotifySettings {
  /** Closed with the {@link ServiceNotify}. */
  readonly datagrams: DatagramSender;
}

/** Sends states to the service manager, or to the program's starter. */
export class ServiceNotify implements AsyncDisposable {
  readonly #target: NotifyTarget | undefined;
  #unsent = 0;
  #isDisposed = false;
  #lastSent: Promise<void> = Promise.resolve();

  /** @param target The manager; `undefined`: nothing is sent. */
  constructor(target: NotifyTarget | undefined) {
    this.#target = target;
  }

  /**
   * Sends a state, after earlier ones. A manager that is gone or does not read
   * does not block the program: the state is sent once there is room, and up to
   * three states wait for it.
   *
   * @param state `READY=1`, `STOPPING=1` or `WATCHDOG=1`.
   * @param status One line for the operator, shown by `systemctl status`.
   */
  async send(
    state: "READY=1" | "STOPPING=1" | "WATCHDOG=1",
    status?: string,
  ): Promise<void> {
    const text = status === undefined ? state : `${state}\nSTATUS=${status}`;
    if (this.#target === undefined || this.#unsent >= MAX_UNSENT) return;
    this.#unsent++;
    const over = Promise.withResolvers<void>();
    const timer = setTimeout(over.resolve, WAIT_MS);
    const target = this.#target;
    this.#lastSent = this.#lastSent
      .then(() => this.#send(text, target))
      .finally(() => {
        this.#unsent--;
        clearTimeout(timer);
      });
    await Promise.race([this.#lastSent, over.promise]);
  }

  async #send(
    text: string,
    { datagrams, socketPath }: NotifyTarget,
  ): Promise<void> {
    if (this.#isDisposed) return;
    try {
      await datagrams.send(new TextEncoder().encode(text), socketPath);
    } catch (error) {
      // sd_notify(3) says to ignore failures.
      if (!(error instanceof RuntimeError)) throw error;
    }
  }

  /**
   * Tells the watchdog at its interval that the program is alive.
   *
   * @param clock Paces the messages.
   * @param signal Stops it.
   */
  async keepAlive(clock: Clock, signal: AbortSignal): Promise<void> {
    const everyMs = this.#target?.watchdogEveryMs;
    if (everyMs === undefined) return;
    try {
      while (true) {
        await clock.delay(everyMs, signal);
        await this.send("WATCHDOG=1");
      }
    } catch (error) {
      if (error !== signal.reason) throw error;
    }
  }

  /** Discards states that still wait for room. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    await this.#target?.datagrams[Symbol.asyncDispose]();
    await this.#lastSent;
  }
}
