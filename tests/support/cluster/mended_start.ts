/**
 * Starts programs that either continue despite damage, or name the command that
 * repairs it.
 *
 * @module
 */

import { ok } from "node:assert/strict";
import type { ChildProcess } from "../host/child_process.ts";
import { ownLines } from "./program_outcome.ts";
import {
  roleCommand,
  type RoleName,
  type TestCluster,
} from "./test_cluster.ts";
import { waitUntil } from "../host/wait_until.ts";

/** A working program. */
export interface MendedStart {
  readonly child: ChildProcess;
  /** The commands that refusals named, in order; empty when it continued. */
  readonly commands: readonly string[];
}

/** A start may be refused once for each problem. */
const MAX_REFUSALS = 3;
const START_MS = 6_000;
const BUG = /unexpected|this is a bug|SuppressedError|^\S+: error:\s+at /;
const COMMAND = /: hint: .*\brun: (.*)$/;

/**
 * Starts a program, and runs exactly the commands that its refusals name.
 *
 * @throws when it neither works nor names a command that repairs it.
 */
export async function startMended(
  cluster: TestCluster,
  role: RoleName,
  host: string,
): Promise<MendedStart> {
  const commands: string[] = [];
  while (true) {
    const child = cluster.spawn(role, host, "run");
    const command = await refusal(child, `${role} of ${host}`);
    if (command === undefined) return { child, commands };
    ok(commands.length < MAX_REFUSALS, child.stderr.join("\n"));
    commands.push(command);
    await runCommand(cluster, host, command);
  }
}

/**
 * Starts a program that must be refused. @returns The command that it names.
 */
export async function startRefused(
  cluster: TestCluster,
  role: RoleName,
  host: string,
): Promise<string> {
  const child = cluster.spawn(role, host, "run");
  const command = await refusal(child, `${role} of ${host}`);
  ok(command !== undefined, child.stderr.join("\n"));
  return command;
}

/**
 * Waits until a program is ready, or refused; returns the command that it
 * names.
 */
async function refusal(
  child: ChildProcess,
  what: string,
): Promise<string | undefined> {
  const outcome = await waitUntil(() => {
    const isReady = child.stderr.some((line) => /: ready/.test(line));
    return isReady ? "ready" : child.hasEnded && "ended";
  }, {
    what: () => `${what}: ${child.stderr.join("\n")}`,
    timeoutMs: START_MS,
  });
  if (outcome === "ready") return undefined;
  const { code } = await child.ended;
  const lines = ownLines(child);
  const said = lines.join("\n");
  ok(code === 3 || code === 4, `${code}: ${said}`);
  assertNoBug(child);
  const [, command] = lines.flatMap((line) => COMMAND.exec(line) ?? []);
  ok(command, `no command: ${said}`);
  return command;
}

/** Asserts that a program never reported a bug of its own. */
export function assertNoBug(child: ChildProcess): void {
  const lines = ownLines(child);
  ok(!lines.some((line) => BUG.test(line)), lines.join("\n"));
}

/**
 * Runs a command in a shell; a command for the publisher's host runs there.
 */
export async function runCommand(
  cluster: TestCluster,
  host: string,
  command: string,
): Promise<string> {
  const [, there, here] = /^(.*) \(on the hub\), then here: (.*)$/
    .exec(command) ?? [];
  if (there !== undefined && here !== undefined) {
    const code = await shell(cluster, "hub", there);
    return await shell(cluster, host, here.replace("CODE", code.trim()));
  }
  return await shell(cluster, host, command.replace("HOST", "127.0.0.1"));
}

/** Uses a bash function: a new program file could be busy (ETXTBSY). */
async function shell(
  cluster: TestCluster,
  host: string,
  command: string,
): Promise<string> {
  const { command: program, args } = roleCommand("cluster");
  const config = `${cluster.dir}/${host}/fail2ban-cluster.conf`;
  const words = [program, ...args].map((word) => `'${word}'`).join(" ");
  const script =
    `fail2ban-cluster() { ${words} "$@" --config '${config}'; }\n${command}\n`;
  const { code, stdout, stderr } = await new Deno.Command("bash", {
    args: ["-ec", script],
    env: { NO_COLOR: "1" },
  }).output();
  const [out, err] = [stdout, stderr].map((said) =>
    new TextDecoder().decode(said)
  );
  ok(code === 0, `${command}: ${err}`);
  return out ?? "";
}
