import { ChildProcess, type ChildStatus } from "./child_process.ts";

/** A program that ends immediately when told. */
const BARE = `
  Deno.addSignalListener("SIGTERM", () => Deno.exit(0));
  setInterval(() => {}, 60_000);
  console.log("ready");`;
/** The programs' guarantee: time from SIGTERM to the end, in milliseconds. */
const PROMISED_MS = 2_000;
/**
 * Our programs have more to close than the bare one, so they may wait this many
 * times as long for the CPU.
 */
const MORE = 10;

/** The end of a program, with its duration. */
export interface StopTime extends ChildStatus {
  /** Milliseconds from the signal to the end. */
  readonly tookMs: number;
  /** The guaranteed time with the machine's share, in milliseconds. */
  readonly limitMs: number;
}

/**
 * Ends a program and measures the time. A bare program that is ended at the
 * same time shows the machine's share.
 *
 * @param child The program.
 * @param signal The signal.
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
