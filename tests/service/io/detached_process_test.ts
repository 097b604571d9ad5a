import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { RuntimeError } from "../../../lib/base/errors.ts";
import {
  type DetachedCommand,
  stopProcess,
} from "../../../lib/service/io/detached_process.ts";
import { ChildProcess } from "../../support/host/child_process.ts";
import { deadline, scaled } from "../../support/host/deadline.ts";
import { isRunning, processSession } from "../../support/host/process_state.ts";
import { TempDir } from "../../support/host/temp_dir.ts";
import { waitUntil } from "../../support/host/wait_until.ts";

const RUN = ["run", "-A", "--unstable-net", "--no-config"];

/** Tells whoever started the program that it is ready. */
const TELL_READY = `
  const folder = await Deno.makeTempDir({ prefix: "f2bc_" });
  const socket = Deno.listenDatagram({
    transport: "unixpacket",
    path: folder + "/socket",
  });
  await Deno.remove(folder, { recursive: true });
  const tell = (text: string) => socket.send(new TextEncoder().encode(text), {
    transport: "unixpacket",
    path: Deno.env.get("NOTIFY_SOCKET")!,
  });`;

/**
 * A program to start, with a folder of its own. It is killed, if need be, when
 * disposed.
 */
class Program implements AsyncDisposable {
  readonly #dir: TempDir;
  readonly #timeoutMs: number;

  private constructor(dir: TempDir, timeoutMs: number) {
    this.#dir = dir;
    this.#timeoutMs = timeoutMs;
  }

  static async create(
    code: string,
    timeoutMs = deadline(10_000),
  ): Promise<Program> {
    const dir = await TempDir.create();
    const pidFile = JSON.stringify(dir.path("pid"));
    await dir.write(
      "program.ts",
      `Deno.writeTextFileSync(${pidFile}, String(Deno.pid));\n${code}`,
    );
    return new Program(dir, timeoutMs);
  }

  path(name: string): string {
    return this.#dir.path(name);
  }

  async pid(): Promise<number> {
    return Number(await Deno.readTextFile(this.path("pid")));
  }

  /** Has another process start it, waits for that one's end, and gives what it was told. */
  async start(...args: string[]): Promise<unknown> {
    const command: DetachedCommand = {
      command: Deno.execPath(),
      args: [...RUN, this.path("program.ts"), ...args],
      env: { F2BC_TEST: "from the test" },
      timeoutMs: this.#timeoutMs,
    };
    const module = new URL(
      "../../../lib/service/io/detached_process.ts",
      import.meta.url,
    );
    const parent = await this.#dir.write(
      "parent.ts",
      `import { startDetached } from "${module.href}";
      const outcome = await startDetached(${JSON.stringify(command)})
        .catch(({ name, message }) => ({ name, message }));
      console.log(JSON.stringify(outcome));
      Deno.exit();`,
    );
    await using process = new ChildProcess({
      command: Deno.execPath(),
      args: [...RUN, parent],
    });
    await process.ended;
    return JSON.parse(process.stdout.join("\n"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const pid = await this.pid();
    if (await isRunning(pid)) Deno.kill(pid, "SIGKILL");
    await this.#dir[Symbol.asyncDispose]();
  }
}

Deno.test("startDetached() returns once the program says that it is ready, and gives what else it says", async () => {
  await using program = await Program.create(
    `${TELL_READY}
    await tell("STATUS=nearly");
    Deno.writeTextFileSync(Deno.args[0], "works");
    await tell("STATUS=done\\nREADY=1");
    setInterval(() => {}, 1_000);`,
  );
  const outcome = await program.start(program.path("works"));
  const pid = await program.pid();
  deepStrictEqual(outcome, { kind: "ready", pid, status: "done" });
  strictEqual(await Deno.readTextFile(program.path("works")), "works");
});

Deno.test("startDetached() gives the program a session of its own, the root folder, and no input", async () => {
  await using program = await Program.create(
    `${TELL_READY}
    const input = await new Response(Deno.stdin.readable).text();
    const facts = [Deno.cwd(), Deno.env.get("F2BC_TEST"), input];
    Deno.writeTextFileSync(Deno.args[0], JSON.stringify(facts));
    await tell("READY=1");
    setInterval(() => {}, 1_000);`,
  );
  await program.start(program.path("facts"));
  const pid = await program.pid();
  strictEqual(await processSession(pid), pid);
  const facts = JSON.parse(await Deno.readTextFile(program.path("facts")));
  deepStrictEqual(facts, ["/", "from the test", ""]);
});

Deno.test("startDetached() starts a program that survives its parent, with nobody to hear it", async () => {
  await using program = await Program.create(
    `${TELL_READY}
    await tell("READY=1");
    setInterval(() => {}, 1_000);
    try {
      while (true) await Deno.stderr.write(new Uint8Array(10));
    } catch {
      Deno.writeTextFileSync(Deno.args[0], "alone");
    }`,
  );
  await program.start(program.path("alone"));
  await waitUntil(
    () => Deno.stat(program.path("alone")).then(() => true, () => false),
    { what: "a sign of life after the parent's end" },
  );
  strictEqual(await isRunning(await program.pid()), true);
});

Deno.test("startDetached() gives the exit code and the last words of a program that ends instead", async () => {
  await using program = await Program.create(
    `console.error("no\\ngood caf\\u00e9");
    console.log("not this");
    Deno.exit(4);`,
  );
  deepStrictEqual(await program.start(), {
    kind: "ended",
    exitCode: 4,
    stderr: "no\ngood caf\u{e9}\n",
  });
});

Deno.test("startDetached() bounds the last words that it keeps", async () => {
  await using program = await Program.create(
    `for (let i = 0; i < 100; i++) console.error("x".repeat(10_000));
    Deno.exit(1);`,
  );
  const outcome = await program.start() as { stderr: string };
  const { length } = outcome.stderr;
  ok(length >= 10_000 && length < 200_000, String(length));
});

Deno.test("startDetached() ends a program that is not ready in time, and says so", async () => {
  // It has begun by then, and would not be ready ever.
  const seconds = Math.ceil(scaled(2_000) / 1_000);
  await using program = await Program.create(
    "setInterval(() => {}, 1_000);",
    seconds * 1_000,
  );
  deepStrictEqual(await program.start(), {
    name: "RuntimeError",
    message: `not ready within ${seconds} s`,
  });
  const pid = await program.pid();
  await waitUntil(async () => !await isRunning(pid), { what: "its end" });
});

/** A process that says when it is there. */
async function startChild(code: string): Promise<ChildProcess> {
  const url = `data:text/javascript,${encodeURIComponent(code)}`;
  const child = new ChildProcess({
    command: Deno.execPath(),
    args: ["run", "-A", "--no-config", url],
    endTimeoutMs: 0,
  });
  await child.waitForLine(/^ready$/);
  return child;
}

Deno.test("stopProcess() ends a process, and returns when it has ended", async () => {
  await using child = await startChild(
    `Deno.addSignalListener("SIGTERM", () => {
      console.log("ending");
      setTimeout(() => Deno.exit(0), 100);
    });
    console.log("ready");
    setInterval(() => {}, 1_000);`,
  );
  await stopProcess(child.pid, { runs: () => isRunning(child.pid) });
  strictEqual(await isRunning(child.pid), false);
  strictEqual((await child.ended).code, 0);
  deepStrictEqual(child.stdout, ["ready", "ending"]);
});

Deno.test("stopProcess() of a process that has ended is done", async () => {
  await using child = await startChild(`console.log("ready");`);
  await child.ended;
  await stopProcess(child.pid, {
    runs: () => Promise.reject(new Error("nobody asks")),
  });
});

Deno.test("stopProcess() gives up on a process that does not end, and says what would help", async () => {
  await using child = await startChild(
    `Deno.addSignalListener("SIGTERM", () => {});
    console.log("ready");
    setInterval(() => {}, 1_000);`,
  );
  const { pid } = child;
  const runs = () => isRunning(pid);
  await rejects(
    stopProcess(pid, { runs, timeoutMs: 100 }),
    (error: unknown) => {
      ok(error instanceof RuntimeError);
      strictEqual(error.message, `process ${pid} does not end`);
      strictEqual(error.hint, `kill -KILL ${pid} ends it at once`);
      return true;
    },
  );
  strictEqual(await isRunning(pid), true);
});
