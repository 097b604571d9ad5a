import { ChildProcess, type ChildStatus } from "./child_process.ts";

/** A program that ends at once when it is told to. */
const BARE = `
  Deno.addSignalListener("SIGTERM", () => Deno.exit(0));
  setInterval(() => {}, 60_000);
  console.log("ready");`;
/** What every program promises: to have ended so long after SIGTERM. */
const PROMISED_MS = 2_000;
/** A program of ours has more to close than a bare one: it may wait so many times as often for the processor. */
const MORE = 10;

/** How a program ended, and in which time. */
export interface StopTime extends ChildStatus {
  /** Milliseconds from the signal to the end. */
  readonly tookMs: number;
  /** Milliseconds that are promised, and those that the machine takes of it. */
  readonly limitMs: number;
}

/**
 * Ends a program and measures how long that takes. A machine that is busy is
 * late with everything: a bare program that is ended beside it tells how late.
 *
 * @param child The program.
 * @param signal What tells it to end.
 */
export async function timeStop(
  child: ChildProcess,
  signal: Deno.Signal = "SIGTERM",
): Promise<StopTime> {
  await using bare = new ChildProcess({
    command: Deno.execPath(),
    args: ["eval", "--no-config", BARE],
  });
  await bare.waitForLine(/^ready$/);
  const [status, bareMs] = await Promise.all([
    elapsed(() => child.end(signal)),
    elapsed(() => bare.end()).then(({ tookMs }) => tookMs),
  ]);
  return { ...status, limitMs: PROMISED_MS + MORE * bareMs };
}

async function elapsed(
  end: () => Promise<ChildStatus>,
): Promise<ChildStatus & { readonly tookMs: number }> {
  const startMs = performance.now();
  const status = await end();
  return { ...status, tookMs: Math.round(performance.now() - startMs) };
}
