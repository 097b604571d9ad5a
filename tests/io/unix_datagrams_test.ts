import { ok, rejects, strictEqual } from "node:assert/strict";
import { RuntimeError } from "../../lib/errors.ts";
import { UnixDatagrams } from "../../lib/io/unix_datagrams.ts";
import { DatagramReceiver } from "../support/datagram_receiver.ts";
import { TempDir } from "../support/temp_dir.ts";

const ENCODER = new TextEncoder();
const BYTES = ENCODER.encode("hello");

/** A receiver that takes nothing out of its queue unless it is asked to. */
function listenOnly(path: string): Deno.DatagramConn & Disposable {
  const socket = Deno.listenDatagram({ transport: "unixpacket", path });
  return Object.assign(socket, { [Symbol.dispose]: () => socket.close() });
}

async function fill(datagrams: UnixDatagrams, path: string): Promise<void> {
  const all = async () => {
    while (true) await datagrams.send(BYTES, path, { waitMs: 0 });
  };
  await rejects(all(), takesNothing);
}

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
    await datagrams.send(ENCODER.encode(text), path, { waitMs: 0 });
  }
  await receiver.waitForCount(texts.length);
  strictEqual(receiver.texts.join("|"), texts.join("|"));
});

/** Prints how long a wait took that was given a second, and what processor time meanwhile, both in ms. */
const WAIT_PROGRAM = `
  import { cpuUsage } from "node:process";
  import { UnixDatagrams } from "${new URL(
  "../../lib/io/unix_datagrams.ts",
  import.meta.url,
)}";
  const [path] = Deno.args;
  await using datagrams = new UnixDatagrams();
  const fails = (waitMs) =>
    datagrams.send(new Uint8Array(5), path, { waitMs })
      .then(() => false, ({ message }) => message);
  while (!await fails(0));
  const before = cpuUsage();
  const startedMs = performance.now();
  const message = await fails(1_000);
  const tookMs = performance.now() - startedMs;
  const { user, system } = cpuUsage(before);
  console.log(JSON.stringify([message, tookMs, (user + system) / 1_000]));
`;

Deno.test("UnixDatagrams waits for a receiver that hangs without using the processor, and not longer than asked", async () => {
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
  const [message, tookMs, usedMs] = JSON.parse(out || `["${err}"]`);
  strictEqual(message, "the receiver takes nothing");
  ok(tookMs >= 999 && tookMs < 2_000, `${tookMs} ms`);
  ok(usedMs < tookMs / 4, `${usedMs} ms of ${tookMs}`);
});

Deno.test("UnixDatagrams sends as soon as a receiver has room again", async () => {
  await using dir = await TempDir.create();
  const path = dir.path("log");
  using receiver = listenOnly(path);
  await using datagrams = new UnixDatagrams();
  await fill(datagrams, path);
  const sent = datagrams.send(BYTES, path, { waitMs: 10_000 });
  await receiver.receive();
  const startedMs = performance.now();
  await sent;
  const tookMs = performance.now() - startedMs;
  ok(tookMs < 2_000, `${tookMs} ms`);
  await rejects(datagrams.send(BYTES, path, { waitMs: 0 }), takesNothing);
});

Deno.test("UnixDatagrams finds a receiver that went away amid waiting, once it is back", async () => {
  await using dir = await TempDir.create();
  const path = dir.path("log");
  await using datagrams = new UnixDatagrams();
  {
    using _receiver = listenOnly(path);
    await fill(datagrams, path);
    await rejects(datagrams.send(BYTES, path, { waitMs: 1 }), takesNothing);
  }
  await rejects(datagrams.send(BYTES, path, { waitMs: 1_000 }), {
    message: "Connection refused",
  });
  await Deno.remove(path);
  using receiver = listenOnly(path);
  await datagrams.send(BYTES, path, { waitMs: 0 });
  strictEqual((await receiver.receive())[0].length, BYTES.length);
});

Deno.test("UnixDatagrams says why a datagram can't be sent", async () => {
  await using dir = await TempDir.create();
  await using datagrams = new UnixDatagrams();
  const send = (path: string, bytes = BYTES) =>
    datagrams.send(bytes, path, { waitMs: 1_000 });
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
  await fill(datagrams, path);
  const sending = datagrams.send(BYTES, path, { waitMs: 60_000 });
  const overlap = datagrams.send(BYTES, path, { waitMs: 0 });
  await rejects(overlap, /two at once/);
  const startedMs = performance.now();
  await Promise.all([
    rejects(sending, takesNothing),
    datagrams[Symbol.asyncDispose](),
  ]);
  await datagrams[Symbol.asyncDispose]();
  const tookMs = performance.now() - startedMs;
  ok(tookMs < 1_000, `${tookMs} ms`);
  await rejects(datagrams.send(BYTES, path, { waitMs: 0 }), /disposed/);
});
