import { ok, rejects, strictEqual } from "node:assert/strict";
import { RuntimeError } from "../../../lib/base/errors.ts";
import {
  PidFile,
  UnwritablePidFileError,
} from "../../../lib/service/io/pid_file.ts";
import { ChildProcess } from "../../support/host/child_process.ts";
import { settled } from "../../support/memory/manual_clock.ts";
import { damageFile } from "../../support/host/damaged_file.ts";
import { TempDir } from "../../support/host/temp_dir.ts";
import { waitUntil } from "../../support/host/wait_until.ts";

/** A process that takes a pid file, says so, and waits. */
function holder(path: string): ChildProcess {
  const module = new URL(
    "../../../lib/service/io/pid_file.ts",
    import.meta.url,
  );
  const code = `
    const { PidFile } = await import(${JSON.stringify(module.href)});
    const file = await PidFile.take(Deno.args[0], Deno.pid);
    console.log("taken");
    await new Response(Deno.stdin.readable).text();
    await file.leave();
    console.log("left");
    setInterval(() => file, 1000);
  `;
  return new ChildProcess({
    command: Deno.execPath(),
    args: ["run", "-A", "--no-config", "--ext=ts", dataUrl(code), path],
  });
}

function dataUrl(code: string): string {
  return `data:text/typescript,${encodeURIComponent(code)}`;
}

/** Whom the file names, and whether that one runs. */
async function seen(path: string): Promise<string> {
  using file = await PidFile.see(path);
  if (file === undefined) return "nobody";
  return `${file.pid} ${await file.runs() ? "runs" : "has ended"}`;
}

Deno.test("PidFile.take() writes the process id, and the file goes when it is disposed", async () => {
  await using dir = await TempDir.create();
  const path = dir.path("a.pid");
  {
    await using file = await PidFile.take(path, 123);
    strictEqual(await Deno.readTextFile(path), "123\n");
    strictEqual(file.stalePid, undefined);
    strictEqual(await seen(path), "123 runs");
  }
  await rejects(Deno.stat(path), Deno.errors.NotFound);
  strictEqual(await seen(path), "nobody");
});

Deno.test("PidFile.take() refuses a second holder, and names the first", async () => {
  await using dir = await TempDir.create();
  const path = dir.path("a.pid");
  await using file = await PidFile.take(path, 123);
  await rejects(PidFile.take(path, 456), (error: unknown) => {
    ok(error instanceof RuntimeError);
    ok(!(error instanceof UnwritablePidFileError));
    strictEqual(error.message, "already runs, with process id 123");
    strictEqual(error.hint, `stop it first; its pid file is ${path}`);
    return true;
  });
  strictEqual(await Deno.readTextFile(path), "123\n");
  strictEqual(file.stalePid, undefined);
});

Deno.test("PidFile.take() refuses when another process holds the file, until that one is killed", async () => {
  await using dir = await TempDir.create();
  const path = dir.path("a.pid");
  await using child = holder(path);
  await child.waitForLine(/^taken$/);
  strictEqual(await seen(path), `${child.pid} runs`);
  await rejects(PidFile.take(path, 123), {
    message: `already runs, with process id ${child.pid}`,
  });
  await child.end("SIGKILL");
  strictEqual(await seen(path), `${child.pid} has ended`);
  await using file = await PidFile.take(path, 123);
  strictEqual(file.stalePid, child.pid);
  strictEqual(await seen(path), "123 runs");
});

Deno.test("PidFile.see() sees the holder's end, not only the file's", async () => {
  await using dir = await TempDir.create();
  const path = dir.path("a.pid");
  await using child = holder(path);
  await child.waitForLine(/^taken$/);
  using file = await PidFile.see(path);
  await child.closeInput();
  await child.waitForLine(/^left$/);
  strictEqual(await seen(path), "nobody");
  strictEqual(await file?.runs(), true);
  await child.end("SIGKILL");
  await waitUntil(async () => !await file?.runs(), { what: "the end" });
});

Deno.test("PidFile takes no process for the holder that does not hold the file, though its id is there", async () => {
  await using dir = await TempDir.create();
  const path = await dir.write("a.pid", `${Deno.pid}\n`);
  strictEqual(await seen(path), `${Deno.pid} has ended`);
  await using file = await PidFile.take(path, 123);
  strictEqual(file.stalePid, Deno.pid);
});

Deno.test("PidFile leaves nothing of a longer process id behind", async () => {
  await using dir = await TempDir.create();
  const path = await dir.write("a.pid", "4194304\n");
  await using file = await PidFile.take(path, 7);
  strictEqual(file.stalePid, 4_194_304);
  strictEqual(await Deno.readTextFile(path), "7\n");
});

const OTHER_TEXTS = ["", "\n", "-1\n", "1 2\n", "99999999999\n", "7\n\n"];
for (const text of OTHER_TEXTS) {
  Deno.test(`PidFile sees nobody in ${JSON.stringify(text)}, and replaces it`, async () => {
    await using dir = await TempDir.create();
    const path = await dir.write("a.pid", text);
    strictEqual(await seen(path), "nobody");
    await using file = await PidFile.take(path, 123);
    strictEqual(file.stalePid, undefined);
    strictEqual(await Deno.readTextFile(path), "123\n");
  });
}

for (
  const text of ["x", "root:x:0:0:root:/root:/bin/bash\n", "1\n".repeat(20)]
) {
  Deno.test(`PidFile.take() leaves a file with ${JSON.stringify(text)} as it is: it is none of ours`, async () => {
    await using dir = await TempDir.create();
    const path = await dir.write("passwd", text, 0o644);
    await rejects(PidFile.take(path, 123), (error: unknown) => {
      ok(error instanceof UnwritablePidFileError);
      strictEqual(
        error.message,
        `cannot write ${path}: it holds something else than a process id`,
      );
      return true;
    });
    strictEqual(await Deno.readTextFile(path), text);
    strictEqual((await Deno.stat(path)).mode, 0o100644);
  });
}

Deno.test("PidFile.take() lets nobody else open the file, who could lock it and keep the program from starting", async () => {
  await using dir = await TempDir.create();
  await using _fresh = await PidFile.take(dir.path("a.pid"), 123);
  strictEqual((await Deno.stat(dir.path("a.pid"))).mode, 0o100600);
  const stale = await dir.write("b.pid", "123\n", 0o644);
  await using _taken = await PidFile.take(stale, 123);
  strictEqual((await Deno.stat(stale)).mode, 0o100600);
});

Deno.test("PidFile.take() is not kept from the file by one who looks at it just then", async () => {
  await using dir = await TempDir.create();
  const path = await dir.write("a.pid", "123\n");
  using looker = await Deno.open(path);
  await looker.lock(false);
  const taking = PidFile.take(path, 456);
  await settled();
  await looker.unlock();
  await using file = await taking;
  strictEqual(file.stalePid, 123);
});

Deno.test("PidFile gives a file to one of many who ask for it at once", async () => {
  await using dir = await TempDir.create();
  const path = dir.path("a.pid");
  const pids = [1, 2, 3, 4, 5, 6, 7, 8];
  const results = await Promise.allSettled(
    pids.map((pid) => PidFile.take(path, pid)),
  );
  const taken = results.flatMap((result) =>
    result.status === "fulfilled" ? [result.value] : []
  );
  strictEqual(taken.length, 1);
  await taken[0]?.[Symbol.asyncDispose]();
});

Deno.test("PidFile.take() passes a file on to who waits for it, never one that was removed", async () => {
  await using dir = await TempDir.create();
  const path = dir.path("a.pid");
  const takers = [1, 2, 3, 4].map(async (pid) => {
    for (let round = 0; round < 25; round++) {
      try {
        await using file = await PidFile.take(path, pid);
        strictEqual(await Deno.readTextFile(path), `${pid}\n`);
        ok(file);
      } catch (error) {
        if (!(error instanceof RuntimeError)) throw error;
      }
    }
  });
  await Promise.all(takers);
});

Deno.test("PidFile says of a place that can't be written, or read, what to do", async () => {
  await using dir = await TempDir.create();
  for (const path of [dir.path(), dir.path("missing/a.pid")]) {
    await rejects(PidFile.take(path, 123), (error: unknown) => {
      ok(error instanceof UnwritablePidFileError);
      ok(error.message.startsWith(`cannot write ${path}: `), error.message);
      return true;
    });
  }
  await rejects(PidFile.see(dir.path()), (error: unknown) => {
    ok(error instanceof RuntimeError);
    ok(error.message.startsWith(`cannot read ${dir.path()}: `), error.message);
    return true;
  });
  strictEqual(await seen(dir.path("missing/a.pid")), "nobody");
});

for (const damage of ["pipe", "folder"] as const) {
  Deno.test(`PidFile waits for nothing and names the command that mends it: a ${damage} in its place`, async () => {
    await using dir = await TempDir.create();
    const path = dir.path("a.pid");
    await damageFile(path, damage);
    for (
      const attempt of [() => PidFile.take(path, 7), () => PidFile.see(path)]
    ) {
      await rejects(attempt(), (error: unknown) => {
        ok(error instanceof RuntimeError);
        ok(error.message.endsWith(`: it is a ${damage}`), error.message);
        ok(error.hint?.endsWith(`run: mv ${path} ${path}.damaged`), error.hint);
        return true;
      });
    }
  });
}
