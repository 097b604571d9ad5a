import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { RuntimeError } from "../../../lib/base/errors.ts";
import {
  type LineWriter,
  SyslogWriter,
} from "../../../lib/log/io/line_writers.ts";
import { UnixDatagrams } from "../../../lib/log/io/unix_datagrams.ts";
import { SystemClock } from "../../../lib/async/io/system_clock.ts";
import { LineQueue } from "../../../lib/log/line_queue.ts";
import type { OutputLine } from "../../../lib/log/line_sink.ts";
import { ChildProcess } from "../../support/host/child_process.ts";
import { DatagramReceiver } from "../../support/host/datagram_receiver.ts";
import { listenOnly } from "../../support/host/hung_receiver.ts";
import { TempDir } from "../../support/host/temp_dir.ts";
import { untilSettled, waitUntil } from "../../support/host/wait_until.ts";

const NEVER = new AbortController().signal;

function lines(...texts: string[]): OutputLine[] {
  return texts.map((text) => ({ severity: "info", atMs: 0, text }));
}

/** The numbers from one to another, as lines. */
function numbers(from: number, to: number): OutputLine[] {
  return lines(
    ...Array.from({ length: to - from }, (_, index) => String(from + index)),
  );
}

function cannotWrite(target: string) {
  return (error: unknown) => {
    ok(error instanceof RuntimeError, String(error));
    ok(error.message.startsWith(`cannot write to ${target}: `), error.message);
    return true;
  };
}

/** A queue before a writer, as the programs have one, and its complaints. */
function queueBefore(
  { target, deliver, linesAtOnce }: LineWriter,
  maxLines = 1_000,
) {
  const troubleLog: string[] = [];
  const queue = new LineQueue({
    target,
    deliver,
    clock: new SystemClock(),
    complain: (sentence) => troubleLog.push(sentence),
    maxLines,
    maxLinesAtOnce: linesAtOnce,
  });
  return { queue, troubleLog };
}

/** A program that writes to standard error as soon as its input ends. */
async function stderrProgram(dir: TempDir, code: string): Promise<string> {
  const href =
    new URL("../../../lib/log/io/line_writers.ts", import.meta.url).href;
  return await dir.write(
    "program.ts",
    `import { StderrWriter } from "${href}";
    const line = (text: string) => ({ severity: "info", atMs: 0, text } as const);
    const writer = new StderrWriter();
    for await (const _ of Deno.stdin.readable);
    ${code}`,
  );
}

Deno.test("StderrWriter writes whole lines, also more than a pipe holds", async () => {
  await using dir = await TempDir.create();
  const text = "x".repeat(1_000);
  const program = await stderrProgram(
    dir,
    `const many = Array.from({ length: 500 }, () => line("${text}"));
    await writer.deliver([...many, line("caf\\u00e9"), line("")]);`,
  );
  await using child = new ChildProcess({
    command: Deno.execPath(),
    args: ["run", "-A", "--no-config", program],
  });
  await child.closeInput();
  await child.ended;
  deepStrictEqual(child.stderr, [...Array(500).fill(text), "caf\u{e9}", ""]);
});

Deno.test("StderrWriter says that nobody reads what it writes", async () => {
  await using dir = await TempDir.create();
  const program = await stderrProgram(
    dir,
    `await writer.deliver([line("x")]).catch(({ name, message }) => console.log(name, message));`,
  );
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-config", program],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  await child.stderr.cancel();
  await child.stdin.close();
  const text = await new Response(child.stdout).text();
  await child.status;
  const expected = "RuntimeError cannot write to standard error: Broken pipe";
  ok(text.startsWith(expected), text);
});

Deno.test("SyslogWriter sends each line as a datagram, in order", async () => {
  await using dir = await TempDir.create();
  await using daemon = new DatagramReceiver(dir.path("log"));
  await using writer = new SyslogWriter(new UnixDatagrams(), dir.path("log"));
  strictEqual(writer.target, dir.path("log"));
  const texts = ["<38>one", "", "caf\u{e9}", "x".repeat(8_192)];
  await writer.deliver(lines(...texts));
  await daemon.waitForCount(texts.length);
  deepStrictEqual(daemon.texts, texts);
});

Deno.test("SyslogWriter refuses lines while nobody listens, and finds the daemon that comes back", async () => {
  await using dir = await TempDir.create();
  const path = dir.path("log");
  await using writer = new SyslogWriter(new UnixDatagrams(), path);
  await rejects(writer.deliver(lines("lost")), cannotWrite(path));
  for (const text of ["first", "second"]) {
    await using daemon = new DatagramReceiver(path);
    await writer.deliver(lines(text));
    await daemon.waitForCount(1);
    deepStrictEqual(daemon.texts, [text]);
  }
  await rejects(writer.deliver(lines("lost")), cannotWrite(path));
});

Deno.test("lines wait in the queue while the syslog daemon hangs, and are out as soon as it takes them again", async () => {
  await using dir = await TempDir.create();
  const path = dir.path("log");
  using daemon = listenOnly(path);
  await using writer = new SyslogWriter(new UnixDatagrams(), path);
  const { queue, troubleLog } = queueBefore(writer);
  await using _ = queue;
  for (const line of numbers(0, 600)) queue.write(line);
  await rejects(queue.flush(NEVER), /does not take lines: \d+ wait/);
  const receiveAll = async () => {
    for (let count = 0; count < 600; count++) {
      const [bytes] = await daemon.receive();
      strictEqual(new TextDecoder().decode(bytes), `${count}`);
    }
  };
  await untilSettled(receiveAll(), { what: "every line", timeoutMs: 2_000 });
  await queue.flush(NEVER);
  deepStrictEqual(troubleLog, []);
});

Deno.test("lines wait in the queue while the syslog daemon is away, and go out once when it is back", async () => {
  await using dir = await TempDir.create();
  const path = dir.path("log");
  await using writer = new SyslogWriter(new UnixDatagrams(), path);
  const { queue, troubleLog } = queueBefore(writer);
  await using _ = queue;
  for (const line of numbers(0, 300)) queue.write(line);
  await rejects(queue.flush(NEVER), {
    message: /does not take lines: 300 wait/,
  });
  await using daemon = new DatagramReceiver(path);
  for (const line of numbers(300, 350)) queue.write(line);
  await daemon.waitForCount(350);
  await queue.flush(NEVER);
  deepStrictEqual(daemon.texts, numbers(0, 350).map(({ text }) => text));
  await waitUntil(() => troubleLog.length === 2, { what: "both complaints" });
  ok(troubleLog[0]?.startsWith(`cannot write to ${path}: `), troubleLog[0]);
  strictEqual(troubleLog[1], `${path} takes lines again; 0 were lost`);
});

Deno.test("no line comes twice to a syslog daemon that goes away amid many", async () => {
  await using dir = await TempDir.create();
  const path = dir.path("log");
  await using writer = new SyslogWriter(new UnixDatagrams(), path);
  const { queue } = queueBefore(writer);
  await using _ = queue;
  const before = new DatagramReceiver(path);
  for (const line of numbers(0, 1_000)) queue.write(line);
  await before.waitForCount(20);
  await before[Symbol.asyncDispose]();
  await using after = new DatagramReceiver(path);
  await after.waitFor(/^999$/);
  const received = [...before.texts, ...after.texts];
  ok(before.datagrams.length < 1_000, "it went away amid them");
  strictEqual(new Set(received).size, received.length);
});

Deno.test("lines that wait for the syslog daemon are bounded: the oldest go, and are counted", async () => {
  await using dir = await TempDir.create();
  const path = dir.path("log");
  await using writer = new SyslogWriter(new UnixDatagrams(), path);
  const { queue, troubleLog } = queueBefore(writer, 100);
  await using _ = queue;
  for (const line of numbers(0, 1_000)) queue.write(line);
  await rejects(queue.flush(NEVER), RuntimeError);
  await using daemon = new DatagramReceiver(path);
  await waitUntil(() => daemon.texts.includes("999"), { what: "the last" });
  await waitUntil(() => troubleLog.length === 2, { what: "both complaints" });
  strictEqual(daemon.datagrams.length, 1_000 - queue.dropped);
  ok(daemon.datagrams.length <= 200, "what waits, and what is on its way");
  strictEqual(
    troubleLog[1],
    `${path} takes lines again; ${queue.dropped} were lost`,
  );
});
