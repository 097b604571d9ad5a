import {
  deepStrictEqual,
  rejects,
  strictEqual,
  throws,
} from "node:assert/strict";
import { RuntimeError } from "../../lib/base/errors.ts";
import type { BoundSocket } from "../../lib/zmq/ports.ts";
import { ReboundSocket } from "../../lib/zmq/rebound_socket.ts";
import { ManualClock, settled } from "../support/memory/manual_clock.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";
import {
  frames,
  MemorySocket,
  texts,
} from "../support/memory/memory_socket.ts";

const NEVER = new AbortController().signal;
const CLOSED = new Error("Cannot use a closed socket");

/** As a real one: whoever waits on it when it is closed is told so. */
class BoundMemorySocket extends MemorySocket implements BoundSocket {
  readonly endpoint = "memory";

  override [Symbol.asyncDispose](): Promise<void> {
    this.fail(CLOSED);
    return super[Symbol.asyncDispose]();
  }
}

function benchOf() {
  const bound: BoundMemorySocket[] = [];
  const state = { failures: 0 };
  const clock = new ManualClock();
  const log = new MemoryLog();
  const socket = new ReboundSocket({
    clock,
    log,
    bind: () => {
      if (state.failures-- > 0) {
        throw new RuntimeError("cannot listen", { hint: "" });
      }
      if (bound.at(-1)?.closed === false) throw new Error("still bound");
      const next = new BoundMemorySocket();
      bound.push(next);
      return next;
    },
  });
  return { socket, bound, state, clock, log };
}

Deno.test("ReboundSocket sends and receives over the socket that is bound", async () => {
  const { socket, bound } = benchOf();
  bound[0]?.give(frames("in"));
  deepStrictEqual(texts(await socket.receive(NEVER)), ["in"]);
  await socket.send(frames("out"), NEVER);
  strictEqual(bound[0]?.sent.length, 1);
  await socket[Symbol.asyncDispose]();
  strictEqual(bound[0]?.closed, true);
});

Deno.test("ReboundSocket receives from the new socket, also what was waited for before", async () => {
  const { socket, bound } = benchOf();
  const waiting = socket.receive(NEVER);
  await socket.rebind(NEVER);
  strictEqual(bound[0]?.closed, true);
  bound[1]?.give(frames("later"));
  deepStrictEqual(texts(await waiting), ["later"]);
  await socket.send(frames("out"), NEVER);
  strictEqual(bound[1]?.sent.length, 1);
});

Deno.test("ReboundSocket tries again with growing pauses when it can't be bound, tells once, and sends wait", async () => {
  const { socket, bound, state, clock, log } = benchOf();
  state.failures = 3;
  const rebinding = socket.rebind(NEVER);
  const sending = socket.send(frames("out"), NEVER);
  await settled();
  await clock.advance(50 + 100 + 199);
  strictEqual(bound.length, 1);
  await clock.advance(1);
  await rebinding;
  await sending;
  strictEqual(bound[1]?.sent.length, 1);
  deepStrictEqual(log.records.map(({ event }) => event), [
    "can't listen any more, and try again",
    "listening again",
  ]);
});

Deno.test("ReboundSocket ends its waits on abort, and its attempts to bind", async () => {
  const { socket, state } = benchOf();
  state.failures = Infinity;
  const stop = new AbortController();
  const reason = new Error("enough");
  const waits = [
    socket.rebind(stop.signal),
    socket.receive(stop.signal),
    socket.send(frames("out"), stop.signal),
  ].map((wait) => rejects(wait, reason));
  await settled();
  stop.abort(reason);
  await Promise.all(waits);
  await socket[Symbol.asyncDispose]();
});

Deno.test("ReboundSocket throws what fails a socket that is still bound", async () => {
  const { socket, bound } = benchOf();
  bound[0]?.fail(new Error("broken"));
  await rejects(socket.receive(NEVER), /broken/);
});

Deno.test("ReboundSocket throws when it can't be bound for the first time", () => {
  throws(
    () =>
      new ReboundSocket({
        clock: new ManualClock(),
        log: new MemoryLog(),
        bind: () => {
          throw new RuntimeError("cannot listen", { hint: "" });
        },
      }),
    /cannot listen/,
  );
});
