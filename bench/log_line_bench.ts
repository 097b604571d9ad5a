/**
 * The log reader compared with grep, on the same file of a million lines.
 *
 * @module
 */

import type { ChildProcess } from "../tests/support/host/child_process.ts";
import { waitUntil } from "../tests/support/host/wait_until.ts";
import { testAddress } from "../tests/support/fail2ban/fail2ban_lines.ts";
import { startProgram } from "./bare_peer_process.ts";
import type { Outcome } from "./figure.ts";
import { processUsage } from "../tests/support/host/process_usage.ts";
import { printTable } from "./figures.ts";
import type { Reading } from "./programs/log_reading.ts";
import { sized } from "./size.ts";

const LINES = sized(1_000_000, 200_000);
const LINES_PER_WRITE = 10_000;
const RUNS = sized(5, 3);
const PATTERN = String.raw`\] (Ban|Unban) `;
const JAILS = ["sshd", "postfix-sasl", "nginx-http-auth", "dovecot"] as const;

/** Share of each kind per hundred lines, as in the log of a busy host. */
const KINDS: readonly (readonly [number, (line: LineParts) => string])[] = [
  [
    84,
    ({ jail, address, stamp }) =>
      `${sender("filter", "INFO")}[${jail}] Found ${address} - ${stamp}`,
  ],
  [
    3,
    ({ jail, address }) =>
      `${sender("actions", "NOTICE")}[${jail}] Ban ${address}`,
  ],
  [
    2,
    ({ jail, address }) =>
      `${sender("actions", "NOTICE")}[${jail}] Unban ${address}`,
  ],
  [
    1,
    ({ jail, address, stamp }) =>
      `${
        sender("observer", "NOTICE")
      }[${jail}] Increase Ban ${address} (2 # 4h -> ${stamp})`,
  ],
  [
    4,
    ({ jail, address, stamp }) =>
      `${
        sender("observer", "INFO")
      }[${jail}] Found ${address}, bad - ${stamp}, 1 # -> 2.0`,
  ],
  [
    3,
    ({ jail, address }) =>
      `${sender("actions", "WARNING")}[${jail}] ${address} already banned`,
  ],
  [
    2,
    ({ jail, address }) =>
      `${sender("filter", "INFO")}[${jail}] Ignore ${address} by ip`,
  ],
  [
    1,
    () =>
      `${sender("utils", "ERROR")}7fe5f85d7540 -- stderr: 'iptables: Bad rule'`,
  ],
];

/** The variable parts of a line. */
interface LineParts {
  readonly jail: string;
  readonly address: string;
  readonly stamp: string;
}

function sender(logger: string, level: string): string {
  return `${`fail2ban.${logger}`.padEnd(24)}[12067]: ${level.padEnd(7)} `;
}

/**
 * The `index`-th line; every hundred lines contain the kinds in the same order.
 */
function lineAt(index: number): string {
  const second = index % 86_400;
  const time = [second / 3_600, second / 60 % 60, second % 60]
    .map((part) => String(Math.floor(part)).padStart(2, "0")).join(":");
  const stamp = `2026-11-22 ${time}`;
  const jail = JAILS[index % JAILS.length] ?? JAILS[0];
  // A step that shares no factor with 100 mixes the kinds.
  let place = index * 37 % 100;
  for (const [share, render] of KINDS) {
    if (place < share) {
      const address = testAddress(index % 65_536);
      return `${stamp},${String(index % 1_000).padStart(3, "0")} ${
        render({ jail, address, stamp })
      }\n`;
    }
    place -= share;
  }
  throw new Error("The shares don't make a hundred");
}

async function writeLog(path: string): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true });
  const writer = file.writable.getWriter();
  const encoder = new TextEncoder();
  for (let first = 0; first < LINES; first += LINES_PER_WRITE) {
    const indices = Array.from({ length: LINES_PER_WRITE }, (_, at) => at);
    const text = indices.map((at) => lineAt(first + at)).join("");
    await writer.write(encoder.encode(text));
  }
  writer.releaseLock();
}

async function runGrep(path: string): Promise<Reading> {
  const before = await processUsage(Deno.pid);
  const { stdout } = await new Deno.Command("grep", {
    args: ["-cE", PATTERN, path],
    env: { LC_ALL: "C" },
    stderr: "inherit",
  }).output();
  const after = await processUsage(Deno.pid);
  return {
    count: Number(new TextDecoder().decode(stdout)),
    cpuSeconds: after.childrenSeconds - before.childrenSeconds,
  };
}

/** Makes the reader read the file once more. */
async function runReader(reader: ChildProcess): Promise<Reading> {
  const before = reader.stdout.length;
  await reader.writeLine("");
  const line = await waitUntil(() => reader.stdout[before], {
    what: "the log to be read",
    timeoutMs: 60_000,
  });
  return JSON.parse(line);
}

/** Measures and prints. @returns The reader compared with grep. */
export async function benchLogLine(): Promise<readonly Outcome[]> {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/fail2ban.log`;
    await writeLog(path);
    const { size } = await Deno.stat(path);
    const greps: Reading[] = [];
    const readers: Reading[] = [];
    // A warm-up: a monitor compiles its code once, and reads for months.
    await using reader = startProgram("log_reading.ts", path, size);
    await runReader(reader);
    for (let index = 0; index < RUNS; index++) {
      greps.push(await runGrep(path));
      readers.push(await runReader(reader));
    }
    checkCounts([...greps, ...readers]);
    return printFigures(greps, readers);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function checkCounts(runs: readonly Reading[]): void {
  const counts = new Set(runs.map(({ count }) => count));
  if (counts.size !== 1) {
    throw new Error(`The counts differ: ${[...counts].join(", ")}`);
  }
}

function meanSeconds(runs: readonly Reading[]): number {
  const all = runs.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);
  return all / runs.length;
}

function printFigures(
  greps: readonly Reading[],
  readers: readonly Reading[],
): readonly Outcome[] {
  // The mean, because the system counts in hundredths of a second.
  const [grep, reader] = [meanSeconds(greps), meanSeconds(readers)];
  const row = (name: string, seconds: number) => [
    name,
    `${(seconds * 1_000).toFixed(0)} ms`,
    `${(LINES / seconds / 1e6).toFixed(2)} million lines/s`,
  ];
  printTable(
    `a log of ${LINES} lines, ${
      greps[0]?.count
    } bans and unbans (processor time, mean of ${RUNS} runs)`,
    [
      row(`grep -cE '${PATTERN}'`, grep),
      row("following and scanning", reader),
      ["ratio", `${(reader / grep).toFixed(2)} times grep's`],
    ],
  );
  const usOf = (seconds: number) => seconds * 1e6 / LINES;
  return [{
    what: "reading a line of fail2ban's log",
    ours: usOf(reader),
    limit: usOf(grep),
    limitIs: "grep",
    unit: "us of CPU",
    goal: 1.15,
  }];
}

if (import.meta.main) await benchLogLine();
