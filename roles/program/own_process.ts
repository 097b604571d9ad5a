/**
 * A process in the foreground, and the programs that work in it until it is told
 * to end: one, or the two of a node.
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

/** What a program has of the process that it works in. */
export interface OwnProcess {
  /** Aborted when the program is to end. */
  readonly signal: AbortSignal;
  /** Whether it was started by one that has ended since. */
  readonly isDetached: boolean;
  /** Has a listener called when files are to be read again. */
  readonly onReload: (listener: () => void) => void;
  /**
   * Says that the program works now.
   *
   * @param trouble One line for the operator, if there is any.
   */
  readonly ready: (trouble: string | undefined) => Promise<void>;
}

/** A program's work: ends soon after its signal is aborted. */
export type ProcessWork = (process: OwnProcess) => Promise<void>;

/**
 * Has programs work until SIGTERM or SIGINT, on a terminal until SIGHUP as well.
 * The first that ends by an error ends the others; whoever waits for the process
 * hears that it is ready once all are.
 *
 * @param works The programs.
 * @throws what the program threw that failed first.
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

/** Tells the service manager once all programs work. */
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

/** Tells the service manager once the process is told to stop. */
function announceStop(
  signal: AbortSignal,
  notify: ServiceNotify,
  last: AsyncDisposableStack,
): Disposable {
  let notice: Promise<void> | undefined;
  const announce = () => notice = notify.send("STOPPING=1");
  signal.addEventListener("abort", announce, { once: true });
  // The notifier is closed by then: a manager that hangs delays nothing.
  last.defer(async () => await notice);
  return {
    [Symbol.dispose]: () => signal.removeEventListener("abort", announce),
  };
}
