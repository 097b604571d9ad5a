/**
 * Starts of programs that go on whatever they find, or say by which command
 * they can be started.
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

/** A program that works. */
export interface MendedStart {
  readonly child: ChildProcess;
  /** The commands that its refusals named, in order; none: it went on. */
  readonly commands: readonly string[];
}

/** A start may be refused once for each thing that is wrong. */
const MAX_REFUSALS = 3;
const START_MS = 6_000;
const BUG = /unexpected|this is a bug|SuppressedError|^\S+: error:\s+at /;
const COMMAND = /: hint: .*\brun: (.*)$/;

/**
 * Starts a program; what it is refused for is mended by the command that it
 * names, to the letter.
 *
 * @throws when it neither works nor names a command that mends it.
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

/** Starts a program that must be refused. @returns The command that it names. */
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

/** Waits until a program is ready, or was refused; then the command that it names. */
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

/** Asserts that a program never took something for a bug of its own. */
export function assertNoBug(child: ChildProcess): void {
  const lines = ownLines(child);
  ok(!lines.some((line) => BUG.test(line)), lines.join("\n"));
}

/**
 * Runs a command as an operator's shell does; what it says is to be done on the
 * publisher's host is done there.
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

/** A function of bash: a program of that name would be written while others start. */
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
