import { ok, strictEqual } from "node:assert/strict";
import { FolderEvents } from "../../../lib/tail/io/folder_events.ts";
import { TempDir } from "../../support/host/temp_dir.ts";
import { waitUntil } from "../../support/host/wait_until.ts";

const IGNORE = Deno.build.os !== "linux";

/** A watch of `log` in a folder, and how often it has told. */
function watch(dir: TempDir) {
  const told = { count: 0 };
  const events = FolderEvents.open(dir.path(), "log", () => told.count++);
  ok(events !== undefined);
  return { events, told };
}

async function makePipe(path: string): Promise<void> {
  await new Deno.Command("mkfifo", { args: [path] }).output();
}

Deno.test({
  name:
    "FolderEvents tells of what happens to a file: made, written, renamed, removed, and of nothing else",
  ignore: IGNORE,
  async fn() {
    await using dir = await TempDir.create();
    const { events, told } = watch(dir);
    await using _ended = events;
    const path = dir.path("log");
    const steps: readonly (() => Promise<void>)[] = [
      () => Deno.writeTextFile(path, "one\n"),
      () => Deno.writeTextFile(path, "two\n", { append: true }),
      () => Deno.truncate(path),
      () => Deno.rename(path, `${path}.1`),
      () => Deno.rename(`${path}.1`, path),
      () => Deno.remove(path),
    ];
    for (const step of steps) {
      const before = told.count;
      await step();
      await waitUntil(() => told.count > before, { what: `${step}` });
    }
    const before = told.count;
    for (const name of ["log.1", "lo", "other", "x".repeat(255)]) {
      await Deno.writeTextFile(dir.path(name), "one\n");
    }
    await Deno.writeTextFile(path, "one\n");
    await waitUntil(() => told.count > before, { what: "the log" });
    // One wake-up for each batch of events, whatever is in it.
    ok(told.count <= before + 3, `${told.count - before} times`);
  },
});

Deno.test({
  name:
    "FolderEvents is held up by no pipe that is made in the folder, and ends at once",
  ignore: IGNORE,
  async fn() {
    await using dir = await TempDir.create();
    const { events, told } = watch(dir);
    await makePipe(dir.path("pipe"));
    await makePipe(dir.path("log"));
    await Deno.chmod(dir.path("log"), 0o644);
    await waitUntil(() => told.count > 0, { what: "the pipe" });
    await Deno.remove(dir.path("log"));
    const before = told.count;
    await Deno.writeTextFile(dir.path("log"), "one\n");
    await waitUntil(() => told.count > before, { what: "the log" });
    await events[Symbol.asyncDispose]();
    await events[Symbol.asyncDispose]();
  },
});

Deno.test({
  name:
    "FolderEvents ends with its folder, and begins with none that is missing or a file",
  ignore: IGNORE,
  async fn() {
    await using dir = await TempDir.create();
    const { events } = watch(dir);
    await Deno.remove(dir.path(), { recursive: true });
    await events[Symbol.asyncDispose]();
    await Deno.mkdir(dir.path());
    await Deno.writeTextFile(dir.path("file"), "");
    for (const name of ["missing", "file"]) {
      strictEqual(
        FolderEvents.open(dir.path(name), "log", () => {}),
        undefined,
      );
    }
  },
});
