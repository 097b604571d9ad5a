/**
 * Reads a log from its start, like a monitor that is behind, once for each line
 * of standard input; prints each time the counted lines and the CPU time.
 *
 * usage: log_reading.ts PATH BYTES
 *
 * @module
 */

import process from "node:process";
import { areLocal } from "../../lib/tail/io/local_disk.ts";
import { DiskLogFolder } from "../../lib/tail/io/log_folder.ts";
import { LogFollower } from "../../lib/tail/log_follower.ts";
import { LogScanner } from "../../lib/fail2ban/log_scanner.ts";
import { MemoryLog } from "../../tests/support/memory/memory_log.ts";
import { say } from "../bare_zmq.ts";

/** The counted lines and the CPU time. */
export interface Reading {
  readonly count: number;
  readonly cpuSeconds: number;
}

async function read(path: string, bytesInAll: number): Promise<Reading> {
  const before = process.cpuUsage();
  const log = new MemoryLog();
  const { signal } = new AbortController();
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
    if (end.offsetBytes === bytesInAll) break;
  }
  const { user, system } = process.cpuUsage(before);
  return { count, cpuSeconds: (user + system) / 1e6 };
}

const [path = "", bytesInAll] = Deno.args;
for await (const asked of Deno.stdin.readable) {
  // One read may contain several requests.
  for (const byte of asked) {
    if (byte !== 0x0a) continue;
    say(JSON.stringify(await read(path, Number(bytesInAll))));
  }
}
