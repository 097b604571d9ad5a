/**
 * Tells the service manager how the program is.
 *
 * @see {@link https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html | sd_notify(3)}
 * @module
 */

import type { Clock } from "../ports.ts";

/** The manager's queue may be full; nobody waits for it longer than this. */
const SEND_TIMEOUT_MS = 200;
/** States that may wait for room in the manager's queue. */
const MAX_UNSENT = 3;

/** What the service manager put into the environment. */
export interface NotifySettings {
  /** `NOTIFY_SOCKET`: the manager's socket. */
  readonly socketPath: string;
  /** Half of `WATCHDOG_USEC`, in milliseconds; `undefined`: no watchdog. */
  readonly watchdogEveryMs: number | undefined;
}

/**
 * Reads the environment.
 *
 * @param pid This process: a watchdog may be meant for another.
 * @returns `undefined` when nobody wants to be told, or by a socket that is
 * no path.
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

/** Sends states to the service manager, or to whoever started the program. */
export class ServiceNotify implements Disposable {
  readonly #settings: NotifySettings | undefined;
  readonly #socket: Deno.DatagramConn | undefined;
  #unsent = 0;
  /** The socket sends one at a time. */
  #lastSent: Promise<void> = Promise.resolve();

  private constructor(
    settings?: NotifySettings,
    socket?: Deno.DatagramConn,
  ) {
    this.#settings = settings;
    this.#socket = socket;
  }

  /**
   * Opens the way to the service manager.
   *
   * @param settings Where it is; `undefined`: nothing is ever sent.
   */
  static async open(
    settings: NotifySettings | undefined,
  ): Promise<ServiceNotify> {
    if (settings === undefined) return new ServiceNotify();
    const folder = await Deno.makeTempDir({ prefix: "f2bc_" });
    try {
      // A socket to send from needs its name only until it is bound.
      const path = `${folder}/socket`;
      const socket = Deno.listenDatagram({ transport: "unixpacket", path });
      return new ServiceNotify(settings, socket);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  }

  /**
   * Sends a state. A manager that is gone, or takes nothing, does not keep
   * the program from its work.
   *
   * @param state `READY=1`, `STOPPING=1` or `WATCHDOG=1`.
   * @param status One line for the operator, shown by `systemctl status`.
   */
  async tell(
    state: "READY=1" | "STOPPING=1" | "WATCHDOG=1",
    status?: string,
  ): Promise<void> {
    const text = status === undefined ? state : `${state}\nSTATUS=${status}`;
    if (this.#settings === undefined || this.#unsent >= MAX_UNSENT) return;
    this.#unsent++;
    const over = Promise.withResolvers<void>();
    const timer = setTimeout(over.resolve, SEND_TIMEOUT_MS);
    const { socketPath } = this.#settings;
    this.#lastSent = this.#lastSent
      .then(() => this.#send(text, socketPath))
      .finally(() => {
        this.#unsent--;
        clearTimeout(timer);
      });
    await Promise.race([this.#lastSent, over.promise]);
  }

  async #send(text: string, path: string): Promise<void> {
    const address = { transport: "unixpacket", path } as const;
    try {
      await this.#socket?.send(new TextEncoder().encode(text), address);
    } catch (error) {
      // However that failed, sd_notify(3) says to go on.
      if (!(error instanceof Error)) throw error;
    }
  }

  /**
   * Says that the program is alive as often as the watchdog wants to hear it.
   *
   * @param clock Time.
   * @param signal Ends it.
   */
  async keepAlive(clock: Clock, signal: AbortSignal): Promise<void> {
    const everyMs = this.#settings?.watchdogEveryMs;
    if (everyMs === undefined) return;
    try {
      while (true) {
        await clock.delay(everyMs, signal);
        await this.tell("WATCHDOG=1");
      }
    } catch (error) {
      if (error !== signal.reason) throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#socket?.close();
  }
}
