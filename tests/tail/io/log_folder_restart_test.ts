import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { eventIdOfLine } from "../../../lib/monitor/event_id.ts";
import { DiskLogFolder } from "../../../lib/tail/io/log_folder.ts";
import { FolderEvents } from "../../../lib/tail/io/folder_events.ts";
import { LogScanner } from "../../../lib/fail2ban/log_scanner.ts";
import { LogFollower } from "../../../lib/tail/log_follower.ts";
import type { LogPosition } from "../../../lib/tail/ports.ts";
import { output } from "../../support/fail2ban/fail2ban_server.ts";
import { appendLog, banLine } from "../../support/fail2ban/fail2ban_lines.ts";
import { MemoryLog } from "../../support/memory/memory_log.ts";
import { TempDir } from "../../support/host/temp_dir.ts";
import { deadlineSignal } from "../../support/host/deadline.ts";

/** What was read in one go, until nothing was left. */
interface Reading {
  /** The addresses that were banned. */
  readonly bans: string[];
  /** The names of those events. */
  readonly ids: string[];
  readonly position: LogPosition;
  readonly log: MemoryLog;
  readonly gaps: number;
}

/** Follows a log from a place on until the given address is banned. */
async function readOn(
  path: string,
  from: LogPosition | undefined,
  last: string | undefined,
): Promise<Reading> {
  const log = new MemoryLog();
  const bans: string[] = [];
  const ids: string[] = [];
  await using folder = new DiskLogFolder(path, log, {
    lookEveryMs: 10,
    watch: FolderEvents.open,
  });
  await using lines = await LogFollower.begin({ folder, from, log });
  const signal = deadlineSignal(5_000);
  for await (const { bytes, startBytes, end } of lines.batches(signal)) {
    for (
      const { event, startBytes: at, line } of new LogScanner("file").scan(
        bytes,
      )
    ) {
      if (event.kind !== "ban") continue;
      const { fingerprint, rotations = 0 } = end;
      const place = { fingerprint, rotations, startBytes: startBytes + at };
      bans.push(event.address);
      ids.push(eventIdOfLine(place, line));
    }
    if (last === undefined || bans.at(-1) === last) {
      return { bans, ids, position: end, log, gaps: lines.gaps };
    }
  }
  throw new Error(`No ban of ${last} after ${bans}`);
}

let clock = Date.UTC(2026, 10, 22);

/** Appends bans of 192.0.2.FROM to 192.0.2.TO, at a later time each. */
async function ban(path: string, from: number, to = from): Promise<void> {
  for (let index = from; index <= to; index++) {
    await appendLog(path, stamped(banLine("sshd", `192.0.2.${index}`)));
  }
}

function stamped(line: string): string {
  const [day, time = ""] = new Date(clock += 1_000).toISOString().split("T");
  return line.replace(/^\S+ \S+/, `${day} ${time.slice(0, 8)},000`);
}

const addresses = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, at) => `192.0.2.${from + at}`);

/** Compresses as logrotate has it done: the time of the file stays. */
async function gzip(...paths: string[]): Promise<void> {
  await output("gzip", ...paths);
}

/**
 * Everything that happens to a log that bans 1 to 3 stood in, of which 1 was
 * read. Bans 4 and 5 come afterwards.
 */
const ROTATIONS: Readonly<Record<string, (path: string) => Promise<void>>> = {
  "renamed": async (path) => {
    await Deno.rename(path, `${path}.1`);
    await ban(path, 4, 5);
  },
  "renamed to a name with a date": async (path) => {
    await Deno.rename(path, `${path}-20261122`);
    await ban(path, 4, 5);
  },
  "renamed and compressed": async (path) => {
    await Deno.rename(path, `${path}.1`);
    await gzip(`${path}.1`);
    await ban(path, 4, 5);
  },
  "renamed to a name with a date and compressed": async (path) => {
    await Deno.rename(path, `${path}-20261122`);
    await ban(path, 4);
    await Deno.rename(path, `${path}-20261129`);
    await gzip(`${path}-20261122`, `${path}-20261129`);
    await ban(path, 5);
  },
  "renamed twice, the older one compressed": async (path) => {
    await Deno.rename(path, `${path}.1`);
    await ban(path, 4);
    await Deno.rename(`${path}.1`, `${path}.2`);
    await gzip(`${path}.2`);
    await Deno.rename(path, `${path}.1`);
    await ban(path, 5);
  },
  "renamed thrice, all of them compressed": async (path) => {
    await Deno.rename(path, `${path}.3`);
    await ban(`${path}.2`, 4);
    await Deno.writeTextFile(`${path}.1`, "");
    await gzip(`${path}.3`, `${path}.2`, `${path}.1`);
    await ban(path, 5);
  },
  "copied and cut": async (path) => {
    await Deno.copyFile(path, `${path}.1`);
    await Deno.truncate(path);
    await ban(path, 4, 5);
  },
  "copied, cut and grown past the place": async (path) => {
    await Deno.copyFile(path, `${path}.1`);
    await Deno.truncate(path);
    await appendLog(path, "a line that says nothing\n".repeat(100));
    await ban(path, 4, 5);
  },
  "copied, cut, and the copy compressed": async (path) => {
    await Deno.copyFile(path, `${path}.1`);
    await Deno.truncate(path);
    await gzip(`${path}.1`);
    await ban(path, 4, 5);
  },
  "just compressed beside what is compressed": async (path) => {
    await Deno.rename(path, `${path}.1`);
    await Deno.writeTextFile(`${path}.1.gz`, "half of a file that gzip makes");
    await ban(path, 4, 5);
  },
};

for (const [what, rotate] of Object.entries(ROTATIONS)) {
  Deno.test(`a monitor that was away reads on in a log that was ${what}, and names each line the same each time`, async () => {
    await using dir = await TempDir.create();
    const path = dir.path("fail2ban.log");
    await Deno.writeTextFile(path, "");
    await ban(dir.path("fail2ban.log-20261101"), 200, 203);
    await ban(dir.path("fail2ban.log.9"), 204, 207);
    await gzip(dir.path("fail2ban.log-20261101"), dir.path("fail2ban.log.9"));
    const start = await readOn(path, undefined, undefined);
    await ban(path, 1);
    const before = await readOn(path, start.position, "192.0.2.1");
    await ban(path, 2, 3);
    const straight = await readOn(path, before.position, "192.0.2.3");
    await rotate(path);
    const after = await readOn(path, before.position, "192.0.2.5");
    deepStrictEqual(after.bans, addresses(2, 5));
    deepStrictEqual(after.ids.slice(0, 2), straight.ids);
    strictEqual(new Set(after.ids).size, 4);
    const again = await readOn(path, before.position, "192.0.2.5");
    deepStrictEqual(again.ids, after.ids);
    deepStrictEqual(after.log.records, []);
    strictEqual(after.gaps, 0);
  });
}

Deno.test("a file that is gone is a loud gap with a count, and the rest is read", async () => {
  await using dir = await TempDir.create();
  const path = dir.path("fail2ban.log");
  await ban(path, 1);
  const from = await readOn(path, { ...NOWHERE }, "192.0.2.1");
  await ban(path, 2);
  await Deno.rename(path, `${path}.3`);
  await ban(`${path}.1`, 4);
  await ban(path, 5);
  const holed = await readOn(path, from.position, "192.0.2.5");
  deepStrictEqual(holed.bans, ["192.0.2.2", "192.0.2.4", "192.0.2.5"]);
  strictEqual(holed.gaps, 1);
  deepStrictEqual(holed.log.records, [{
    severity: "error",
    event: "files of the log are gone",
    fields: { log: "fail2ban.log", missing: 1 },
  }]);
  await Deno.remove(`${path}.3`);
  // Older than the place: read before, and not read again.
  await ban(`${path}.7`, 100);
  await Deno.utime(`${path}.7`, new Date(0), new Date(0));
  const gone = await readOn(path, from.position, "192.0.2.5");
  deepStrictEqual(gone.bans, ["192.0.2.4", "192.0.2.5"]);
  strictEqual(gone.gaps, 1);
  strictEqual(gone.log.records[0]?.severity, "error");
  strictEqual(gone.log.records[0]?.fields["missing"], 1);
});

const NOWHERE: LogPosition = {
  device: 1,
  inode: 1,
  offsetBytes: 10,
  fingerprint: "00".repeat(16),
};

Deno.test("a log that was cut and grew past the place, without a copy, is read from its start and told of", async () => {
  await using dir = await TempDir.create();
  const path = dir.path("fail2ban.log");
  await ban(path, 1, 2);
  const from = await readOn(path, { ...NOWHERE }, "192.0.2.2");
  await Deno.truncate(path);
  await ban(path, 3, 9);
  const after = await readOn(path, from.position, "192.0.2.9");
  deepStrictEqual(after.bans, addresses(3, 9));
  strictEqual(after.gaps, 1);
});

Deno.test("a log with a used inode is another log, and read from its start", async () => {
  await using dir = await TempDir.create();
  const path = dir.path("fail2ban.log");
  await ban(path, 1, 2);
  const from = await readOn(path, { ...NOWHERE }, "192.0.2.2");
  // Until the file system gives the same number again; some never do.
  let tries = 0;
  do {
    await Deno.remove(path);
    await ban(path, 3, 5);
  } while ((await Deno.stat(path)).ino !== from.position.inode && ++tries < 50);
  const { ino } = await Deno.stat(path);
  const place = { ...from.position, inode: ino ?? 0 };
  const after = await readOn(path, place, "192.0.2.5");
  deepStrictEqual(after.bans, addresses(3, 5));
});

Deno.test("half a line that was there at the end of a monitor is one line for the next, and never a shorter address", async () => {
  await using dir = await TempDir.create();
  const path = dir.path("fail2ban.log");
  await ban(path, 1);
  const line = stamped(banLine("sshd", "192.0.2.100"));
  await appendLog(path, line.slice(0, -3));
  const before = await readOn(path, { ...NOWHERE }, "192.0.2.1");
  deepStrictEqual(before.bans, ["192.0.2.1"]);
  await appendLog(path, line.slice(-3));
  const after = await readOn(path, before.position, "192.0.2.100");
  deepStrictEqual(after.bans, ["192.0.2.100"]);
});

Deno.test("a damaged compressed log gives what is readable, and its rest is told of", async () => {
  await using dir = await TempDir.create();
  const path = dir.path("fail2ban.log");
  await ban(path, 1);
  const from = await readOn(path, { ...NOWHERE }, "192.0.2.1");
  await ban(path, 2, 250);
  await ban(path, 2, 250);
  await Deno.rename(path, `${path}.1`);
  await gzip(`${path}.1`);
  const { size } = await Deno.stat(`${path}.1.gz`);
  await Deno.truncate(`${path}.1.gz`, Math.floor(size / 2));
  await ban(path, 251);
  const after = await readOn(path, from.position, "192.0.2.251");
  const told = after.log.records.map(({ event }) => event);
  ok(told.some((event) => event.includes("damaged")), `${told}`);
});

Deno.test("a large compressed log is read on in order, and little of it at once", async () => {
  await using dir = await TempDir.create();
  const path = dir.path("fail2ban.log");
  const half = banLine("sshd", "198.51.100.1").repeat(200_000);
  await Deno.writeTextFile(path, `first\n${half}`);
  const { size } = await Deno.stat(path);
  const log = new MemoryLog();
  const start = await readOn(path, { ...NOWHERE }, "198.51.100.1");
  await ban(path, 1, 3);
  await Deno.rename(path, `${path}.1`);
  await gzip(`${path}.1`);
  await ban(path, 4);
  const from = { ...start.position, offsetBytes: size };
  const after = await readOn(path, from, "192.0.2.4");
  deepStrictEqual(after.bans, addresses(1, 4));
  deepStrictEqual(log.records, []);
});
