/**
 * Runs the Python programs of `programs/`: the limits that ours are compared
 * with, and the drivers for both sides.
 *
 * @module
 */

import type { TestCluster } from "../tests/support/cluster/test_cluster.ts";

/** A Python with python3-zmq. */
const PYTHON = "/usr/bin/python3";

/** The output of `latency_limit.py`. */
export interface DrivenEvents {
  /** Time of each event, in milliseconds. */
  readonly tookMs: readonly number[];
  /** CPU time of each process per event, in microseconds. */
  readonly cpuUs: readonly number[];
}

/** Runs a program. @returns What it printed. */
export async function runPython(
  name: string,
  ...args: readonly string[]
): Promise<string> {
  const path = decodeURIComponent(
    new URL(`programs/${name}`, import.meta.url).pathname,
  );
  const { success, stdout } = await new Deno.Command(PYTHON, {
    args: [path, ...args],
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`${name} ${args.join(" ")} failed`);
  return new TextDecoder().decode(stdout);
}

/**
 * Redirects the output of a host's programs to a world-readable pipe. @returns
 * Its path.
 */
export async function linesIntoPipe(
  cluster: TestCluster,
  host: string,
): Promise<string> {
  const pipe = `${cluster.dir}/${host}.lines`;
  await new Deno.Command("mkfifo", { args: [pipe] }).output();
  cluster.startWithin(host, [
    ...["sh", "-c", `exec 2<>'${pipe}'; exec "$@"`, "sh"],
  ]);
  return pipe;
}

/** A monitor's log, and the pipe with a subscriber's lines. */
export interface DrivenCluster {
  readonly log: string;
  readonly pipe: string;
  /** Processes whose CPU time counts. @default {none} */
  readonly pids?: readonly number[];
}

/**
 * Appends bans to the log one by one.
 *
 * @param cluster The log and the pipe.
 * @param pace Number, rate, and the number of tries while lines are missing.
 */
export async function driveOurs(
  { log, pipe, pids = [] }: DrivenCluster,
  { events, perSecond, tries = 1 }: {
    readonly events: number;
    readonly perSecond: number;
    readonly tries?: number;
  },
): Promise<DrivenEvents> {
  const args = [String(events), String(perSecond), log, pipe];
  const program = "latency_limit.py";
  const driven = await runPython(program, "ours", ...args, ...pids.map(String));
  const told: DrivenEvents = JSON.parse(driven);
  const { tookMs: { length } } = told;
  if (length === events) return told;
  if (tries <= 1) throw new Error(`${length} of ${events} arrived`);
  return await driveOurs({ log, pipe, pids }, {
    ...{ events, perSecond, tries: tries - 1 },
  });
}

/** Runs the same without our programs, with its data in a folder. */
export async function driveLimit(
  folder: string,
  { events, perSecond }: {
    readonly events: number;
    readonly perSecond: number;
  },
): Promise<DrivenEvents> {
  const args = [String(events), String(perSecond), folder];
  return JSON.parse(await runPython("latency_limit.py", "limit", ...args));
}
