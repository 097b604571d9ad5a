/**
 * A foreground process with one program, or the two programs of a node, which
 * run until it is told to stop.
 *
 * @module
 */

import { runTogether } from "../../lib/async/tasks.ts";
import { SystemClock } from "../../lib/async/io/system_clock.ts";
import { UnixDatagrams } from "../../lib/log/io/unix_datagrams.ts";
import {
  notifySettings,
  ServiceNotify,
} from "../../lib/service/io/service_notify.ts";
import { StopSignal } from "../../lib/service/io/signals.ts";
import { DETACHED_VARIABLE } from "./invocation.ts";

/** What a program gets from its process. */
export interface OwnProcess {
  /** Aborted when the program is to end. */
  readonly signal: AbortSignal;
  /** Whether the process that started it has ended. */
  readonly isDetached: boolean;
  /** Registers a listener for requests to reload files. */
  readonly onReload: (listener: () => void) => void;
  /**
   * Reports that the program is working.
   *
   * @param trouble One line for the operator, if there is a problem.
   */
  readonly ready: (trouble: string | undefined) => Promise<void>;
}

/** A program's work: ends soon after its signal aborts. */
export type ProcessWork = (process: OwnProcess) => Promise<void>;

/**
 * Runs programs until SIGTERM or SIGINT, and on a terminal until SIGHUP as
 * well. The first error ends all programs. The process reports readiness once
 * all programs are ready.
 *
 * @param works The programs.
 * @throws the error of the first program that failed.
 */
export async function runProcess(works: readonly ProcessWork[]): Promise<void> {
  using stopSignal = new StopSignal({
    hangUpStops: Deno.stdin.isTerminal(),
  });
  const { signal } = stopSignal;
  await using last = new AsyncDisposableStack();
  const settings = notifySettings(Deno.pid);
  await using notify = new ServiceNotify(
    settings && { ...settings, datagrams: new UnixDatagrams() },
  );
  using _announcement = announceStop(signal, notify, last);
  const readiness = new Readiness(works.length, notify);
  const alive = new AbortController();
  const keepingAlive = notify.keepAlive(new SystemClock(), alive.signal);
  try {
    await runTogether(
      signal,
      works.map((work) => (group) =>
        work({
          signal: group,
          isDetached: Deno.env.has(DETACHED_VARIABLE),
          onReload: (listener) => stopSignal.onReload(listener),
          ready: (trouble) => readiness.say(trouble),
        })
      ),
    );
  } finally {
    alive.abort();
    await keepingAlive;
  }
}

/** Notifies the service manager once all programs are working. */
class Readiness {
  readonly #notify: ServiceNotify;
  readonly #troubles: string[] = [];
  #missing: number;

  constructor(programs: number, notify: ServiceNotify) {
    this.#missing = programs;
    this.#notify = notify;
  }

  async say(trouble: string | undefined): Promise<void> {
    if (trouble !== undefined) this.#troubles.push(trouble);
    this.#missing--;
    if (this.#missing > 0) return;
    const troubles = this.#troubles.join("; ");
    await this.#notify.send("READY=1", troubles === "" ? undefined : troubles);
  }
}

/** Notifies the service manager when the process is told to stop. */
function announceStop(
  signal: AbortSignal,
  notify: ServiceNotify,
  last: AsyncDisposableStack,
): Disposable {
  let notice: Promise<void> | undefined;
  const announce = () => notice = notify.send("STOPPING=1");
  signal.addEventListener("abort", announce, { once: true });
  // Runs after the notifier was closed, so a hanging manager delays nothing.
  last.defer(async () => await notice);
  return {
    [Symbol.dispose]: () => signal.removeEventListener("abort", announce),
  };
}
