import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { RuntimeError } from "../../../lib/base/errors.ts";
import { ChildProcess } from "../../support/host/child_process.ts";
import { FollowedLines } from "../../support/cluster/followed_lines.ts";
import { RotatedLog } from "../../support/fail2ban/rotated_log.ts";
import { TempDir } from "../../support/host/temp_dir.ts";
import { waitUntil } from "../../support/host/wait_until.ts";

const NOBODY = "65534";

/** A program that follows a log with no right but those of everybody. */
async function startReader(
  dir: TempDir,
  path: string,
  right = "-A",
): Promise<ChildProcess> {
  const reader = new URL("../../support/peers/log_reader.ts", import.meta.url);
  const cache = dir.path("cache");
  await Deno.mkdir(cache);
  await Deno.chmod(cache, 0o777);
  const run = [
    Deno.execPath(),
    "run",
    right,
    "--no-config",
    decodeURIComponent(reader.pathname),
  ];
  const drop = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"];
  const [command = "", ...args] = Deno.uid() === 0
    ? ["setpriv", ...drop, ...run, path]
    : [...run, path];
  const env = { DENO_DIR: cache, HOME: cache };
  const child = new ChildProcess({ command, args, env });
  await child.waitForLine(/^begun$/);
  return child;
}

function linesOf(child: ChildProcess): string[] {
  return child.stdout.filter((line) => line.startsWith("line "));
}

function warningsOf(child: ChildProcess): string[] {
  return child.stdout.filter((line) => line.startsWith("warning: "));
}

/** As a program runs that is compiled with a list of rights: `FsFile.stat()` asks for the path again. */
Deno.test("DiskLogFolder reads on in a folder that was closed, says so once, and finds what was rotated once it is open", async () => {
  await using dir = await TempDir.create();
  await Deno.chmod(dir.path(), 0o755);
  const folder = dir.path("log");
  await Deno.mkdir(folder);
  await using log = await RotatedLog.createIn(folder);
  await log.createEmpty();
  await Deno.chmod(folder, 0o755);
  await using reader = await startReader(dir, log.path, "--allow-read");
  const waitForAll = async (what: string) => {
    await waitUntil(() => linesOf(reader).length === log.written.length, {
      ...{ what, timeoutMs: 10_000 },
    });
  };
  await log.append(5);
  await waitForAll("all lines before");
  await Deno.chmod(folder, 0o700);
  for (let round = 1; round <= 3; round++) {
    await log.append(5);
    await waitForAll(`lines ${round} of the closed folder`);
  }
  await reader.waitForLine(/^warning: .*permission denied/);
  const warnings = warningsOf(reader)
    .filter((line) => !line.includes("no file events"));
  strictEqual(warnings.length, 1, warnings.join(" "));
  ok(warnings[0]?.includes("permission denied"), warnings[0]);
  await log.renameAndCreate();
  await log.append(5);
  await Deno.chmod(folder, 0o755);
  await waitForAll("all lines once it is open");
  deepStrictEqual(linesOf(reader), log.written);
  await reader.waitForLine(/^notice: the log can be/);
});

Deno.test("DiskLogFolder follows rotations in a folder that may be entered but not listed, and says so once", async () => {
  await using dir = await TempDir.create();
  await Deno.chmod(dir.path(), 0o755);
  await Deno.mkdir(dir.path("log"));
  await using log = await RotatedLog.createIn(dir.path("log"));
  await log.createEmpty();
  await Deno.chmod(dir.path("log"), 0o711);
  await using reader = await startReader(dir, log.path);
  for (let round = 1; round <= 3; round++) {
    await log.append(5);
    await log.renameAndCreate();
    await log.append(5);
    await waitUntil(() => linesOf(reader).length === log.written.length, {
      what: `all lines after rotation ${round}`,
    });
  }
  deepStrictEqual(linesOf(reader), log.written);
  await reader.waitForLine(/^warning: .*cannot list /);
  const warnings = warningsOf(reader)
    .filter((line) => !line.includes("no file events"));
  strictEqual(warnings.length, 1, warnings.join("\n"));
  ok(warnings[0]?.includes(`cannot list ${dir.path("log")}: `), warnings[0]);
});

Deno.test("DiskLogFolder keeps trying a log that may not be read after a rotation, and says so once", async () => {
  await using dir = await TempDir.create();
  await Deno.chmod(dir.path(), 0o755);
  await Deno.mkdir(dir.path("log"));
  await using log = await RotatedLog.createIn(dir.path("log"));
  await log.append(1);
  await using reader = await startReader(dir, log.path);
  await log.append(1);
  await waitUntil(() => linesOf(reader).length === 1, { what: "a line" });
  await log.rename();
  await Deno.writeTextFile(log.path, "", { createNew: true, mode: 0o600 });
  await log.append(2);
  if (Deno.uid() === 0) {
    await reader.waitForLine(/^warning: .*permission denied/i);
  }
  await Deno.chmod(log.path, 0o644);
  await waitUntil(() => linesOf(reader).length === 3, { what: "all lines" });
  deepStrictEqual(linesOf(reader), log.written.slice(1));
  ok(warningsOf(reader).length <= 1, warningsOf(reader).join("\n"));
});

const AT_START: Readonly<
  Record<string, readonly [(path: string) => Promise<void>, RegExp]>
> = {
  "a link to itself": [(path) => Deno.symlink(path, path), /symbolic links/],
  "a folder": [(path) => Deno.mkdir(path), /is not a file/],
  "a pipe": [makePipe, /is a pipe, .* stands still/],
  "a link to a pipe": [async (path) => {
    await makePipe(`${path}.pipe`);
    await Deno.symlink(`${path}.pipe`, path);
  }, /is a pipe, .* stands still/],
};

for (const [what, [make, reason]] of Object.entries(AT_START)) {
  Deno.test(`DiskLogFolder refuses a log that is ${what}, with a hint`, async () => {
    await using dir = await TempDir.create();
    await make(dir.path("fail2ban.log"));
    await rejects(
      FollowedLines.begin(dir.path("fail2ban.log")),
      (error: unknown) => {
        ok(error instanceof RuntimeError, String(error));
        ok(reason.test(error.message), error.message);
        ok(error.hint !== undefined);
        return true;
      },
    );
  });
}

Deno.test("DiskLogFolder waits for a log below a file, until a folder is there", async () => {
  await using dir = await TempDir.create();
  const folder = await dir.write("folder", "");
  await using followed = await FollowedLines.begin(`${folder}/fail2ban.log`);
  await waitUntil(() => followed.log.events.includes("waiting for the log"), {
    what: "the word that it waits",
  });
  await Deno.remove(folder);
  await Deno.mkdir(folder);
  await Deno.writeTextFile(`${folder}/fail2ban.log`, "one\n");
  await waitUntil(() => followed.lines.length === 1, { what: "the line" });
});

/** What may take the place of a log that is followed. */
const MEANWHILE: Readonly<Record<string, (path: string) => Promise<void>>> = {
  "a link to itself": (path) => Deno.symlink(path, path),
  "a folder": (path) => Deno.mkdir(path),
  "a pipe": makePipe,
};

for (const [what, make] of Object.entries(MEANWHILE)) {
  Deno.test(`DiskLogFolder goes on once ${what} in its log's place is gone, and says so once`, async () => {
    await using log = await RotatedLog.create();
    await log.createEmpty();
    await using followed = await FollowedLines.begin(log.path);
    await log.append(1);
    await waitUntil(() => followed.lines.length === 1, { what: "a line" });
    await log.rename();
    await make(log.path);
    const warned = () =>
      followed.log.events.filter((event) => event.includes("can't be read"));
    await waitUntil(() => warned().length > 0, { what: "a warning" });
    await Deno.remove(log.path);
    await log.append(2);
    await waitUntil(() => followed.lines.length === 3, { what: "all lines" });
    strictEqual(warned().length, 1);
  });
}

Deno.test("DiskLogFolder goes on once a file in its log's folder's place is gone", async () => {
  await using dir = await TempDir.create();
  await Deno.mkdir(dir.path("log"));
  await using log = await RotatedLog.createIn(dir.path("log"));
  await log.createEmpty();
  await using followed = await FollowedLines.begin(log.path);
  await log.append(1);
  await waitUntil(() => followed.lines.length === 1, { what: "a line" });
  await Deno.rename(dir.path("log"), dir.path("away"));
  await dir.write("log", "");
  await log.append(1, dir.path("away/fail2ban.log"));
  await waitUntil(() => followed.lines.length === 2, { what: "a late line" });
  await Deno.remove(dir.path("log"));
  await Deno.mkdir(dir.path("log"));
  await log.append(1);
  await waitUntil(() => followed.lines.length === 3, { what: "all lines" });
});

async function makePipe(path: string): Promise<void> {
  await new Deno.Command("mkfifo", { args: [path] }).output();
}
