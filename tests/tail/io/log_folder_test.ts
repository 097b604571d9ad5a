import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { DiskLogFolder } from "../../../lib/tail/io/log_folder.ts";
import type { LogPosition } from "../../../lib/tail/ports.ts";
import { FollowedLines } from "../../support/cluster/followed_lines.ts";
import { RotatedLog } from "../../support/fail2ban/rotated_log.ts";
import { MemoryLog } from "../../support/memory/memory_log.ts";
import { waitUntil } from "../../support/host/wait_until.ts";

/** Follows a log from its end while something happens; what was written must come, once, in order. */
async function follow(
  happen: (log: RotatedLog, seen: () => Promise<void>) => Promise<void>,
): Promise<void> {
  await using log = await RotatedLog.create();
  await log.createEmpty();
  await using followed = await FollowedLines.begin(log.path);
  const seen = async () => {
    await waitUntil(() => followed.lines.length >= log.written.length, {
      what: () => `line ${log.written.length}, after ${followed.lines.at(-1)}`,
    });
  };
  await happen(log, seen);
  await seen();
  deepStrictEqual(followed.lines, log.written);
}

const CASES: Readonly<
  Record<
    string,
    (log: RotatedLog, seen: () => Promise<void>) => Promise<void>
  >
> = {
  "appends": async (log) => {
    await log.append(3);
    await log.append(2_000);
  },
  "a line in two halves": async (log, seen) => {
    await log.append(1);
    await log.appendHalf();
    await seen();
    await log.append(1);
  },
  "rename and create": async (log) => {
    await log.append(5);
    await log.renameAndCreate();
    await log.append(5);
  },
  "rename, and no log for a while": async (log, seen) => {
    await log.append(5);
    await log.rename();
    await seen();
    await log.append(5);
  },
  "writes to the renamed log": async (log, seen) => {
    await log.append(5);
    await log.renameWithLateWrites();
    await seen();
    await log.append(2, `${log.path}.1`);
    await log.append(5);
  },
  "several rotations between two looks": async (log) => {
    await log.append(5);
    for (let count = 0; count < 4; count++) {
      await log.renameAndCreate();
      await log.append(3);
    }
  },
  "copy and truncate": async (log, seen) => {
    await log.append(5);
    await seen();
    await log.copyAndTruncate();
    await log.append(2);
  },
  "copy and truncate before all was read": async (log, seen) => {
    // A copy is known by its first line, so that has to be seen before the cut.
    await log.append(1);
    await seen();
    await log.append(4);
    await log.copyAndTruncate();
    await log.append(2);
  },
  "a new log that outgrows the old one": async (log, seen) => {
    await log.append(5);
    await seen();
    await log.copyAndTruncate();
    await log.append(500);
  },
  "rename and compression before all was read": async (log) => {
    await log.append(3_000);
    await log.renameAndCreate();
    await log.compress();
    await log.append(2);
  },
  "a renamed log that is removed at once": async (log, seen) => {
    await log.append(5);
    await seen();
    await log.renameAndCreate();
    await Deno.remove(`${log.path}.1`);
    await log.append(5);
  },
};

for (const [name, happen] of Object.entries(CASES)) {
  Deno.test(`DiskLogFolder follows through ${name}`, () => follow(happen));
}

Deno.test("DiskLogFolder waits for a log, and its folder, that are missing; and reads them from the start", async () => {
  await using log = await RotatedLog.create();
  const path = `${log.path}.d/fail2ban.log`;
  await using followed = await FollowedLines.begin(path);
  const { records } = followed.log;
  await waitUntil(
    () => records.some(({ event }) => event === "waiting for the log"),
    { what: "word that it waits" },
  );
  await Deno.mkdir(`${log.path}.d`);
  await Deno.writeTextFile(path, "one\ntwo\n");
  await waitUntil(() => followed.lines.length === 2, { what: "both lines" });
  deepStrictEqual(followed.lines, ["one", "two"]);
});

Deno.test("DiskLogFolder begins behind what is there, but not amid a line", async () => {
  await using log = await RotatedLog.create();
  await Deno.writeTextFile(log.path, "old\nhal");
  await using followed = await FollowedLines.begin(log.path);
  await Deno.writeTextFile(log.path, "f\nnew\n", { append: true });
  await waitUntil(() => followed.lines.length === 2, { what: "both lines" });
  deepStrictEqual(followed.lines, ["half", "new"]);
});

Deno.test("DiskLogFolder leaves out a line without end, says so, and goes on behind it", async () => {
  await using log = await RotatedLog.create();
  await log.createEmpty();
  await using followed = await FollowedLines.begin(log.path);
  await Deno.writeTextFile(log.path, "x".repeat(1_000_000), { append: true });
  await Deno.writeTextFile(log.path, "\nnext\n", { append: true });
  await waitUntil(() => followed.lines.length > 0, { what: "the line behind" });
  deepStrictEqual(followed.lines.map((line) => line.slice(0, 9)), ["next"]);
  ok(followed.log.records.some(({ event }) => event.includes("too long")));
});

Deno.test("DiskLogFolder says when the lines behind its place are gone, and gives what is there", async () => {
  await using log = await RotatedLog.create();
  await log.append(3);
  const gone: LogPosition = {
    device: 1,
    inode: 1,
    offsetBytes: 10,
    fingerprint: "00",
  };
  await using followed = await FollowedLines.begin(log.path, gone);
  await waitUntil(() => followed.lines.length === 3, { what: "all lines" });
  ok(followed.log.records.some(({ event }) => event.includes("rotated away")));
});

Deno.test("DiskLogFolder refuses a log that is a folder", async () => {
  await using log = await RotatedLog.create();
  await Deno.mkdir(log.path);
  await rejects(FollowedLines.begin(log.path), /is not a file/);
});

Deno.test({
  name: "DiskLogFolder notices each append by the system's events, at once",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using log = await RotatedLog.create();
    await log.createEmpty();
    // Of itself it would not look again before the test is over.
    const never = 3_600_000;
    await using followed = await FollowedLines.begin(
      log.path,
      undefined,
      never,
    );
    for (let count = 1; count <= 20; count++) {
      await log.append(1);
      await waitUntil(() => followed.lines.length === count, {
        what: `line ${count}`,
      });
    }
    deepStrictEqual(followed.lines, log.written);
  },
});

Deno.test("DiskLogFolder looks again when its events begin, since none tells of what was written before", async () => {
  await using log = await RotatedLog.create();
  await log.createEmpty();
  await using folder = new DiskLogFolder(log.path, new MemoryLog(), {
    lookEveryMs: 3_600_000,
    watch: () => {
      Deno.writeTextFileSync(log.path, "before\n", { append: true });
      return { [Symbol.asyncDispose]: () => Promise.resolve() };
    },
  });
  await folder.waitForChange(AbortSignal.timeout(60_000));
  strictEqual((await folder.current())?.sizeBytes, "before\n".length);
});

type Operation =
  | "append"
  | "half"
  | "rename"
  | "create"
  | "rename_and_create"
  | "late_writes"
  | "copy_and_truncate"
  | "compress"
  | "see"
  | "restart";

const OPERATION = fc.constantFrom<Operation>(
  "append",
  "half",
  "rename",
  "create",
  "rename_and_create",
  "late_writes",
  "copy_and_truncate",
  "compress",
  "see",
  "restart",
);

Deno.test("whatever happens to a log, every line comes once and in order", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(OPERATION, { minLength: 1, maxLength: 12 }),
      async (operations) => {
        await using log = await RotatedLog.create();
        await log.createEmpty();
        let followed = await FollowedLines.begin(log.path);
        const lines: string[] = [];
        const see = async () => {
          await waitUntil(
            () => lines.length + followed.lines.length >= log.written.length,
            { what: `line ${log.written.length} of ${operations}` },
          );
        };
        try {
          for (const operation of operations) {
            if (operation === "see") await see();
            else if (operation === "restart") {
              await waitUntil(() => followed.position, { what: "a place" });
              await followed[Symbol.asyncDispose]();
              lines.push(...followed.lines);
              followed = await FollowedLines.begin(log.path, followed.position);
            } else await happen(log, operation, see);
          }
          await log.finish();
          await see();
          lines.push(...followed.lines);
          deepStrictEqual(lines, log.written);
        } finally {
          await followed[Symbol.asyncDispose]();
        }
      },
    ),
    { numRuns: 60 },
  );
});

async function happen(
  log: RotatedLog,
  operation: Exclude<Operation, "see" | "restart">,
  see: () => Promise<void>,
): Promise<void> {
  switch (operation) {
    case "append":
      return await log.append(3);
    case "half":
      return await log.appendHalf();
    case "rename":
      return await log.rename();
    case "create":
      return await log.createEmpty();
    case "rename_and_create":
      return await log.renameAndCreate();
    case "late_writes":
      return await log.renameWithLateWrites();
    case "compress":
      return await log.compress();
    case "copy_and_truncate":
      // A copy is known by its first line, so that has to be seen before the cut.
      await log.append(1);
      await see();
      await log.append(2);
      return await log.copyAndTruncate();
  }
}
