import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { SendQueue } from "../../lib/zmq/send_queue.ts";
import { settled } from "../support/memory/manual_clock.ts";
import {
  frames,
  MemorySocket,
  texts,
} from "../support/memory/memory_socket.ts";

/** An outbox at work until it is disposed of. */
class Bench implements AsyncDisposable {
  readonly socket = new MemorySocket();
  readonly sendQueue: SendQueue;
  readonly stop = new AbortController();
  readonly running: Promise<unknown>;

  constructor(maxWaiting?: number) {
    this.sendQueue = new SendQueue(
      this.socket,
      maxWaiting === undefined ? {} : { maxWaiting },
    );
    this.running = this.sendQueue.run(this.stop.signal).catch((error) => error);
  }

  get sent(): string[] {
    return this.socket.sent.map((message) => texts(message).join("|"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop.abort();
    await this.running;
  }
}

Deno.test("SendQueue sends in order, also what is made later, and leaves out what comes to nothing", async () => {
  await using bench = new Bench();
  const late = Promise.withResolvers<Uint8Array[] | undefined>();
  bench.sendQueue.put(frames("a"));
  bench.sendQueue.put(late.promise);
  bench.sendQueue.put(Promise.resolve(undefined));
  bench.sendQueue.put(frames("c", "d"));
  await settled();
  deepStrictEqual(bench.sent, ["a"]);
  late.resolve([...frames("b")]);
  await settled();
  deepStrictEqual(bench.sent, ["a", "b", "c|d"]);
});

Deno.test("SendQueue drops the oldest above its bound, and counts it", async () => {
  await using bench = new Bench(2);
  await settled();
  for (const text of ["a", "b", "c", "d"]) bench.sendQueue.put(frames(text));
  await settled();
  deepStrictEqual(bench.sent, ["c", "d"]);
  strictEqual(bench.sendQueue.dropped, 2);
});

Deno.test("SendQueue ends with what the making of a message throws, and when it is aborted", async () => {
  const stop = new AbortController();
  const sendQueue = new SendQueue(new MemorySocket());
  const failing = sendQueue.run(stop.signal);
  sendQueue.put(Promise.reject(new TypeError("a bug")));
  await rejects(failing, /^TypeError: a bug$/);
  const running = sendQueue.run(stop.signal);
  stop.abort();
  await rejects(running, { name: "AbortError" });
});

Deno.test("SendQueue ends when it is aborted, though a message is never made", async () => {
  const stop = new AbortController();
  const sendQueue = new SendQueue(new MemorySocket());
  const running = sendQueue.run(stop.signal);
  sendQueue.put(new Promise(() => {}));
  await settled();
  stop.abort();
  await rejects(running, { name: "AbortError" });
});

Deno.test("SendQueue says when there is room: fewer wait than a limit, the one under way among them", async () => {
  const socket = new MemorySocket();
  socket.blocked = true;
  const queue = new SendQueue(socket);
  const stop = new AbortController();
  const running = queue.run(stop.signal).catch(() => {});
  for (const text of ["a", "b", "c"]) queue.put(frames(text));
  await settled();
  strictEqual(queue.waiting, 3);
  let hasRoom = false;
  const room = queue.room(2, stop.signal).then(() => hasRoom = true);
  await settled();
  strictEqual(hasRoom, false);
  socket.unblock();
  await room;
  await settled();
  strictEqual(queue.waiting, 0);
  stop.abort();
  await running;
});
