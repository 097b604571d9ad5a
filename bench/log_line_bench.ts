/**
 * The log reader against grep, on the same file of a million lines.
 *
 * @module
 */

import { areLocal } from "../lib/tail/io/local_disk.ts";
import { DiskLogFolder } from "../lib/tail/io/log_folder.ts";
import { LogFollower } from "../lib/tail/log_follower.ts";
import { LogScanner } from "../lib/fail2ban/log_scanner.ts";
import { MemoryLog } from "../tests/support/memory/memory_log.ts";
import { testAddress } from "../tests/support/fail2ban/fail2ban_lines.ts";
import type { Outcome } from "./figure.ts";
import { median, printTable } from "./figures.ts";
import { sized } from "./size.ts";

const LINES = sized(1_000_000, 200_000);
const LINES_PER_WRITE = 10_000;
const RUNS = sized(5, 3);
const PATTERN = String.raw`\] (Ban|Unban) `;
const JAILS = ["sshd", "postfix-sasl", "nginx-http-auth", "dovecot"] as const;

/** What was counted, and how long it took. */
interface Run {
  readonly count: number;
  readonly seconds: number;
}

/** How many of every hundred lines are of each kind, as in the log of a busy host. */
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

/** What lines are made of. */
interface LineParts {
  readonly jail: string;
  readonly address: string;
  readonly stamp: string;
}

function sender(logger: string, level: string): string {
  return `${`fail2ban.${logger}`.padEnd(24)}[12067]: ${level.padEnd(7)} `;
}

/** The `index`-th line; every hundred lines hold the kinds in the same order. */
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

async function runGrep(path: string): Promise<Run> {
  const startMs = performance.now();
  const { stdout } = await new Deno.Command("grep", {
    args: ["-cE", PATTERN, path],
    env: { LC_ALL: "C" },
    stderr: "inherit",
  }).output();
  const seconds = (performance.now() - startMs) / 1_000;
  return { count: Number(new TextDecoder().decode(stdout)), seconds };
}

/** Reads as a monitor does that is behind. */
async function runReader(path: string, sizeBytes: number): Promise<Run> {
  const log = new MemoryLog();
  const { signal } = new AbortController();
  const startMs = performance.now();
  await using folder = new DiskLogFolder(path, log, { areLocal });
  await using lines = await LogFollower.begin({
    ...{ folder, log, from: undefined, atStart: true },
  });
  const scanner = new LogScanner("file");
  let count = 0;
  for await (const { bytes, end } of lines.batches(signal)) {
    for (const { event: { kind } } of scanner.scan(bytes)) {
      if (kind === "ban" || kind === "unban") count++;
    }
    if (end.offsetBytes === sizeBytes) break;
  }
  return { count, seconds: (performance.now() - startMs) / 1_000 };
}

/** Measures and prints. @returns The reader beside grep. */
export async function benchLogLine(): Promise<readonly Outcome[]> {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/fail2ban.log`;
    await writeLog(path);
    const { size } = await Deno.stat(path);
    const greps: Run[] = [];
    const readers: Run[] = [];
    // In turns, so that a slow moment of the machine slows both.
    for (let index = 0; index < RUNS; index++) {
      greps.push(await runGrep(path));
      readers.push(await runReader(path, size));
    }
    checkCounts([...greps, ...readers]);
    return printFigures(greps, readers);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function checkCounts(runs: readonly Run[]): void {
  const counts = new Set(runs.map(({ count }) => count));
  if (counts.size !== 1) {
    throw new Error(`The counts differ: ${[...counts].join(", ")}`);
  }
}

function printFigures(
  greps: readonly Run[],
  readers: readonly Run[],
): readonly Outcome[] {
  const grep = median(greps.map(({ seconds }) => seconds));
  const reader = median(readers.map(({ seconds }) => seconds));
  const row = (name: string, seconds: number) => [
    name,
    `${(seconds * 1_000).toFixed(0)} ms`,
    `${(LINES / seconds / 1e6).toFixed(2)} million lines/s`,
  ];
  printTable(
    `a log of ${LINES} lines, ${
      greps[0]?.count
    } bans and unbans (median of ${RUNS} runs)`,
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
    unit: "us",
    goal: 1.15,
  }];
}

if (import.meta.main) await benchLogLine();
