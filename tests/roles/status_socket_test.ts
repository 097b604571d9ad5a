import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { RuntimeError } from "../../lib/base/errors.ts";
import { statusSocketPath } from "../../lib/service/status_socket.ts";
import {
  askStatus,
  listenForStatus,
} from "../../roles/program/status_socket.ts";
import type { StatusReport } from "../../lib/service/status_report.ts";
import { ChildProcess } from "../support/host/child_process.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";
import { TempDir } from "../support/host/temp_dir.ts";
import { untilSettled } from "../support/host/wait_until.ts";

const LOG = new MemoryLog();
const REPORT: StatusReport = {
  program: "fail2ban-monitor",
  version: "1.2.3",
  pid: 123,
  node: "web-1",
  upSeconds: 60,
  figures: { reported: 3 },
};

async function connect(path: string): Promise<Deno.UnixConn> {
  return await Deno.connect({ transport: "unix", path });
}

for (
  const [pidFile, socket] of [
    ["/run/a.pid", "/run/a.sock"],
    ["/run/a", "/run/a.sock"],
    ["/run/a.pid.pid", "/run/a.pid.sock"],
    ["/run/apid", "/run/apid.sock"],
  ] as const
) {
  Deno.test(`statusSocketPath() is ${socket} for ${pidFile}`, () => {
    strictEqual(statusSocketPath(pidFile), socket);
  });
}

Deno.test("the status socket gives the report of the moment to everyone who asks", async () => {
  await using dir = await TempDir.create();
  const path = dir.path("a.sock");
  let reported = 0;
  await using _status = await listenForStatus(path, () => ({
    ...REPORT,
    figures: { reported: ++reported },
  }), LOG);
  for (const expected of [1, 2, 3]) {
    deepStrictEqual(await askStatus(path), {
      ...REPORT,
      figures: { reported: expected },
    });
  }
});

Deno.test("the status socket is for the program's own user, and goes when it is disposed", async () => {
  await using dir = await TempDir.create();
  const path = dir.path("a.sock");
  {
    await using _status = await listenForStatus(path, () => REPORT, LOG);
    const { isSocket, mode } = await Deno.stat(path);
    strictEqual(isSocket, true);
    strictEqual((mode ?? 0) & 0o777, 0o600);
  }
  await rejects(Deno.stat(path), Deno.errors.NotFound);
});

Deno.test("the status socket answers many at once", async () => {
  await using dir = await TempDir.create();
  const path = dir.path("a.sock");
  await using _status = await listenForStatus(path, () => REPORT, LOG);
  const asked = Array.from({ length: 100 }, () => askStatus(path));
  for (const report of await Promise.all(asked)) {
    deepStrictEqual(report, REPORT);
  }
});

Deno.test("the status socket is held up by nobody who never reads, nor by one who goes at once", async () => {
  await using dir = await TempDir.create();
  const path = dir.path("a.sock");
  const bigReport = {
    ...REPORT,
    figures: { text: "x".repeat(60_000) },
  };
  await using silent = new AsyncDisposableStack();
  {
    await using _status = await listenForStatus(path, () => bigReport, LOG);
    for (let i = 0; i < 20; i++) {
      const connection = await connect(path);
      silent.defer(() => connection.close());
      (await connect(path)).close();
    }
    deepStrictEqual(await askStatus(path), bigReport);
  }
  await rejects(Deno.stat(path), Deno.errors.NotFound);
});

Deno.test("the status socket takes no notice of what is said to it", async () => {
  await using dir = await TempDir.create();
  const path = dir.path("a.sock");
  await using _status = await listenForStatus(path, () => REPORT, LOG);
  using talker = await connect(path);
  await talker.write(new Uint8Array(10_000));
  deepStrictEqual(await askStatus(path), REPORT);
});

Deno.test("the status socket replaces the socket of a killed program, and any file in its place", async () => {
  await using dir = await TempDir.create();
  const path = dir.path("a.sock");
  const stale = Deno.listen({ transport: "unix", path });
  stale.close();
  await rejects(askStatus(path), /does not answer on/);
  for (let round = 0; round < 2; round++) {
    await using _status = await listenForStatus(path, () => REPORT, LOG);
    deepStrictEqual(await askStatus(path), REPORT);
    await Deno.remove(path);
    await dir.write("a.sock", "a file");
  }
});

Deno.test("the status socket says why it can't listen", async () => {
  await using dir = await TempDir.create();
  const missing = dir.path("missing/a.sock");
  const long = dir.path("a".repeat(120));
  for (const path of [missing, long]) {
    await rejects(
      listenForStatus(path, () => REPORT, LOG),
      (error: unknown) => {
        ok(error instanceof RuntimeError, String(error));
        ok(error.message.startsWith(`cannot listen on ${path}: `));
        return true;
      },
    );
  }
});

const ANSWERS: readonly (readonly [string, string, RegExp])[] = [
  ["nothing", "", /answer was not understood$/],
  ["half a report", '{"program": "fail2', /answer was not understood$/],
  ["other than a report", "{}\n", /is of another version$/],
  ["without end", "x".repeat(1 << 20), /answer was not understood$/],
];

for (const [what, answer, message] of ANSWERS) {
  Deno.test(`askStatus() refuses an answer that is ${what}`, async () => {
    await using dir = await TempDir.create();
    const path = dir.path("a.sock");
    using listener = Deno.listen({ transport: "unix", path });
    const answering = (async () => {
      using connection = await listener.accept();
      try {
        await connection.write(new TextEncoder().encode(answer));
      } catch (error) {
        if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
      }
    })();
    await rejects(askStatus(path), (error: unknown) => {
      ok(error instanceof RuntimeError, String(error));
      ok(message.test(error.message), error.message);
      return true;
    });
    await answering;
  });
}

Deno.test("askStatus() gives up on a program that is stopped", async () => {
  await using dir = await TempDir.create();
  const path = dir.path("a.sock");
  const program = await dir.write(
    "program.ts",
    `Deno.listen({ transport: "unix", path: ${JSON.stringify(path)} });
    console.log("ready");
    setInterval(() => {}, 1_000);`,
  );
  await using child = new ChildProcess({
    command: Deno.execPath(),
    args: ["run", "-A", "--no-config", program],
  });
  await child.waitForLine(/^ready$/);
  child.signal("SIGSTOP");
  const givingUp = rejects(askStatus(path), (error: unknown) => {
    ok(error instanceof RuntimeError);
    strictEqual(
      error.message,
      `it runs but does not answer on ${path}: nothing within 2 s`,
    );
    return true;
  });
  await untilSettled(givingUp, {
    what: "the end of its patience",
    timeoutMs: 4_000,
  });
});
