/**
 * Runs programs of `programs/` in Python: the limits that ours are measured
 * against, and what drives ours in the same way.
 *
 * @module
 */

import type { TestCluster } from "../tests/support/cluster/test_cluster.ts";

/** Where python3-zmq is. */
const PYTHON = "/usr/bin/python3";

/** What `latency_limit.py` tells. */
export interface DrivenEvents {
  /** Of each event, in milliseconds. */
  readonly tookMs: readonly number[];
  /** Of each process, for an event, in microseconds. */
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

/** Has what a host's programs write go into a pipe that anybody can read. @returns Its path. */
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

/** A monitor's log, and where a subscriber's lines can be read. */
export interface DrivenCluster {
  readonly log: string;
  readonly pipe: string;
  /** Whose processor time counts. @default {nobody's} */
  readonly pids?: readonly number[];
}

/**
 * Appends bans to the log, one after the other.
 *
 * @param cluster Where to, and where they are heard.
 * @param pace How many, how fast; and how often it is tried again while not all are heard.
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

/** The same without any of ours, with what it stores in a folder. */
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
