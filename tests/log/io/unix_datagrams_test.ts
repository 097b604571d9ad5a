import { ok, rejects, strictEqual } from "node:assert/strict";
import { RuntimeError } from "../../../lib/base/errors.ts";
import { UnixDatagrams } from "../../../lib/log/io/unix_datagrams.ts";
import { DatagramReceiver } from "../../support/host/datagram_receiver.ts";
import { fillQueue, listenOnly } from "../../support/host/hung_receiver.ts";
import { TempDir } from "../../support/host/temp_dir.ts";
import { untilSettled } from "../../support/host/wait_until.ts";

const ENCODER = new TextEncoder();
const BYTES = ENCODER.encode("hello");
/** As long a sender waits that nothing wakes, in milliseconds. */
const POLL_MS = 100;
const ROUNDS = 20;

function takesNothing(error: unknown): boolean {
  ok(error instanceof RuntimeError);
  strictEqual(error.message, "the receiver takes nothing");
  return true;
}

Deno.test("UnixDatagrams sends each datagram whole, and an empty one", async () => {
  await using dir = await TempDir.create();
  const path = dir.path("log");
  await using receiver = new DatagramReceiver(path);
  await using datagrams = new UnixDatagrams();
  const texts = ["one", "", "x".repeat(60_000)];
  for (const text of texts) {
    await datagrams.send(ENCODER.encode(text), path);
  }
  await receiver.waitForCount(texts.length);
  strictEqual(receiver.texts.join("|"), texts.join("|"));
});

/**
 * Prints what processor time the wait for a receiver takes in a second, what
 * work without a pause takes in another, and how the wait ends.
 */
const WAIT_PROGRAM = `
  import { cpuUsage } from "node:process";
  import { UnixDatagrams } from "${new URL(
  "../../../lib/log/io/unix_datagrams.ts",
  import.meta.url,
)}";
  import { fillQueue } from "${new URL(
  "../../support/host/hung_receiver.ts",
  import.meta.url,
)}";
  const [path] = Deno.args;
  const datagrams = new UnixDatagrams();
  const { waiting } = await fillQueue(datagrams, path);
  const ending = waiting.catch(({ message }) => message);
  const usedBy = async (work) => {
    const before = cpuUsage();
    await work();
    const { user, system } = cpuUsage(before);
    return user + system;
  };
  const used = await usedBy(() =>
    new Promise((resolve) => setTimeout(resolve, 1_000))
  );
  await datagrams[Symbol.asyncDispose]();
  const message = await ending;
  const busy = await usedBy(() => {
    const endMs = performance.now() + 1_000;
    while (performance.now() < endMs);
  });
  console.log(JSON.stringify({ used, busy, message }));
`;

Deno.test("UnixDatagrams waits for a receiver that hangs without using the processor", async () => {
  await using dir = await TempDir.create();
  const path = dir.path("log");
  using _receiver = listenOnly(path);
  // In a process of its own: this one may have other things to do.
  const program = await dir.write("wait.ts", WAIT_PROGRAM);
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-config", "--no-check", program, path],
  }).output();
  const [out, err] = [stdout, stderr].map((said) =>
    new TextDecoder().decode(said)
  );
  ok(out, err);
  const { used, busy, message } = JSON.parse(out);
  strictEqual(message, "the receiver takes nothing");
  ok(used < busy / 2, `${used} microseconds of ${busy}`);
});

Deno.test("UnixDatagrams sends as soon as a receiver has room again", async () => {
  await using dir = await TempDir.create();
  const path = dir.path("log");
  using receiver = listenOnly(path);
  await using datagrams = new UnixDatagrams();
  let { waiting } = await fillQueue(datagrams, path);
  const tookMs: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const startedMs = performance.now();
    await receiver.receive();
    await waiting;
    tookMs.push(performance.now() - startedMs);
    // It takes the room that there is, and the next one waits again.
    waiting = datagrams.send(BYTES, path);
  }
  await receiver.receive();
  await waiting;
  // The first has waited for a while already. A busy machine is late with some of
  // the others, but not with all.
  ok(Math.min(...tookMs.slice(1)) < POLL_MS / 2, `${tookMs} ms`);
});

Deno.test("UnixDatagrams hears that a receiver went away amid waiting, and finds it once it is back", async () => {
  await using dir = await TempDir.create();
  const path = dir.path("log");
  await using datagrams = new UnixDatagrams();
  const receiver = listenOnly(path);
  const { waiting } = await fillQueue(datagrams, path);
  receiver.close();
  await rejects(waiting, {
    name: "RuntimeError",
    message: "Connection refused",
  });
  await Deno.remove(path);
  using again = listenOnly(path);
  await datagrams.send(BYTES, path);
  strictEqual((await again.receive())[0].length, BYTES.length);
});

Deno.test("UnixDatagrams says why a datagram can't be sent", async () => {
  await using dir = await TempDir.create();
  await using datagrams = new UnixDatagrams();
  const send = (path: string, bytes = BYTES) => datagrams.send(bytes, path);
  await rejects(send(dir.path("none")), {
    name: "RuntimeError",
    message: "No such file or directory",
  });
  await rejects(send(await dir.write("file", "")), {
    name: "RuntimeError",
    message: "Connection refused",
  });
  await rejects(send(dir.path("x".repeat(200))), {
    name: "RuntimeError",
    message: "the socket's path is too long",
  });
  const path = dir.path("log");
  using _receiver = listenOnly(path);
  await rejects(send(path, new Uint8Array(10_000_000)), {
    name: "RuntimeError",
    message: "Message too long",
  });
  await send(path);
});

Deno.test("UnixDatagrams is closed while a receiver hangs: what waits is not sent, soon", async () => {
  await using dir = await TempDir.create();
  const path = dir.path("log");
  using _receiver = listenOnly(path);
  const datagrams = new UnixDatagrams();
  const { waiting } = await fillQueue(datagrams, path);
  await rejects(datagrams.send(BYTES, path), /two at once/);
  const closed = Promise.all([
    rejects(waiting, takesNothing),
    datagrams[Symbol.asyncDispose](),
  ]);
  await untilSettled(closed, { what: "the end of both" });
  await datagrams[Symbol.asyncDispose]();
  await rejects(datagrams.send(BYTES, path), /disposed/);
});
