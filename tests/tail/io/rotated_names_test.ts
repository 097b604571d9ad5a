import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { FollowedLines } from "../../support/cluster/followed_lines.ts";
import { TempDir } from "../../support/host/temp_dir.ts";
import { waitUntil } from "../../support/host/wait_until.ts";

/** A way to rotate: the log as it is configured, where it is written, and what a rotation renames it to. */
interface Scheme {
  readonly log: string;
  /** Where the log's link leads, if it is one. */
  readonly target?: string;
  /** The names of two rotations, older first. */
  readonly rotated: readonly [string, string];
  /** Whether a rotation points the link to a new file instead of renaming. */
  readonly repoints?: boolean;
}

const SCHEMES: Readonly<Record<string, Scheme>> = {
  "a date that does not sort": {
    log: "f.log",
    rotated: ["f.log-30112026", "f.log-01122026"],
  },
  "a date that does not sort, with dashes": {
    log: "f.log",
    rotated: ["f.log-30-11-2026", "f.log-01-12-2026"],
  },
  "a date before the extension": {
    log: "f.log",
    rotated: ["f-20261130.log", "f-20261201.log"],
  },
  "a date that does not sort before the extension": {
    log: "f.log",
    rotated: ["f-30112026.log", "f-01122026.log"],
  },
  "a date with its time": {
    log: "f.log",
    rotated: ["f.log-20261130T101500", "f.log-20261201T101500"],
  },
  "a date after an underscore": {
    log: "f.log",
    rotated: ["f.log_20261130", "f.log_20261201"],
  },
  "seconds since 1970": {
    log: "f.log",
    rotated: ["f.log-1796000000", "f.log-1796086400"],
  },
  "two of one day": {
    log: "f.log",
    rotated: ["f.log-20261130", "f.log-20261130.1"],
  },
  "a link into another folder, by date": {
    log: "f.log",
    target: "data/f.log",
    rotated: ["data/f.log-20261130", "data/f.log-20261201"],
  },
  "a link to another name in another folder": {
    log: "f.log",
    target: "data/ban.log",
    rotated: ["data/ban-30112026.log", "data/ban-01122026.log"],
  },
  "a link that is pointed to a new dated file": {
    log: "f.log",
    target: "f-20261202.log",
    rotated: ["f-20261130.log", "f-20261201.log"],
    repoints: true,
  },
  "a link that is pointed to a new dated file of another folder": {
    log: "f.log",
    target: "data/f-20261202.log",
    rotated: ["data/f-20261130.log", "data/f-20261201.log"],
    repoints: true,
  },
};

for (const [name, scheme] of Object.entries(SCHEMES)) {
  Deno.test(`LogFollower finds all lines of two rotations while it was away: ${name}`, async () => {
    await using dir = await TempDir.create();
    await Deno.mkdir(dir.path("data"));
    const { log, target = log, rotated, repoints = false } = scheme;
    const [first, second] = rotated;
    const files = repoints ? [first, second, target] : [target, target, target];
    const point = async (file = target) => {
      if (scheme.target === undefined) return;
      await Deno.remove(dir.path(log)).catch(() => {});
      await Deno.symlink(dir.path(file), dir.path(log));
    };
    const write = (file: string | undefined, text: string) =>
      Deno.writeTextFile(dir.path(file ?? ""), text, { append: true });
    await point(files[0]);
    await write(files[0], "line 1\n");
    const followed = await FollowedLines.begin(dir.path(log));
    await write(files[0], "line 2\n");
    await waitUntil(() => followed.lines.length > 0, { what: "line 2" });
    const from = followed.position;
    await followed[Symbol.asyncDispose]();

    for (const [at, to] of rotated.entries()) {
      await write(files[at], `line ${2 * at + 3}\n`);
      if (!repoints) await Deno.rename(dir.path(target), dir.path(to));
      const writtenMs = Date.now() - 60_000 * (2 - at);
      await Deno.utime(dir.path(to), new Date(writtenMs), new Date(writtenMs));
      await point(files[at + 1]);
      await write(files[at + 1], `line ${2 * at + 4}\n`);
    }
    await using again = await FollowedLines.begin(dir.path(log), from);
    await waitUntil(() => again.lines.at(-1) === "line 6", {
      what: () => `line 6, after ${again.lines}`,
    });
    deepStrictEqual(
      again.lines,
      [3, 4, 5, 6].map((count) => `line ${count}`),
    );
    strictEqual(again.log.records.length, 0, again.log.text);
  });
}

/** What a rotation makes of a file that can't be found or read then. */
const UNREADABLE: Readonly<Record<string, readonly [string, string]>> = {
  "compressed by xz": ["f.log.2.xz", "f.log.1.xz"],
  "compressed by zstd, by date": ["f.log-20261130.zst", "f.log-20261201.zst"],
  "compressed by bzip2": ["f.log.2.bz2", "f.log.1.bz2"],
  "in another folder": ["old/f.log.2", "old/f.log.1"],
};

for (const [name, rotated] of Object.entries(UNREADABLE)) {
  Deno.test(`LogFollower counts what it can't find of two rotations, and says so: ${name}`, async () => {
    await using dir = await TempDir.create();
    await Deno.mkdir(dir.path("old"));
    const log = dir.path("f.log");
    await Deno.writeTextFile(log, "line 1\n");
    const followed = await FollowedLines.begin(log);
    await Deno.writeTextFile(log, "line 2\n", { append: true });
    await waitUntil(() => followed.lines.length > 0, { what: "line 2" });
    const from = followed.position;
    await followed[Symbol.asyncDispose]();
    for (const [at, to] of rotated.entries()) {
      await Deno.writeTextFile(log, `line ${at + 3}\n`, { append: true });
      await Deno.remove(log);
      await Deno.writeTextFile(dir.path(to), "what no gzip reads");
    }
    await Deno.writeTextFile(log, "line 5\n");
    await using again = await FollowedLines.begin(log, from);
    await waitUntil(() => again.lines.at(-1) === "line 5", { what: "line 5" });
    ok(again.gaps > 0);
    ok(again.log.records.some(({ severity }) => severity === "error"));
  });
}
