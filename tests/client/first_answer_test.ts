import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { connectToAny, FirstAnswer } from "../../lib/client/first_answer.ts";
import { PublisherAddresses } from "../../lib/client/publisher_addresses.ts";
import { settled } from "../support/memory/manual_clock.ts";
import { MemorySocket } from "../support/memory/memory_socket.ts";

const HELLO = [Uint8Array.of(1)];
const WELCOME = [Uint8Array.of(2)];
const { signal } = new AbortController();

function three() {
  const sockets = [new MemorySocket(), new MemorySocket(), new MemorySocket()];
  const chosen: number[] = [];
  const socket = new FirstAnswer(
    sockets.map((each, at) => ({
      socket: each,
      onFirst: () => chosen.push(at),
    })),
  );
  return { sockets, chosen, socket };
}

Deno.test("the first that answers stays, all others are closed, and one that takes nothing holds up nobody", async () => {
  const { sockets: [frozen, active, standby], chosen, socket } = three();
  ok(frozen && active && standby);
  frozen.blocked = true;
  active.onSend = () => active.give(WELCOME);
  await socket.send(HELLO, signal);
  deepStrictEqual(await socket.receive(signal), WELCOME);
  deepStrictEqual(chosen, [1]);
  deepStrictEqual(
    [frozen, active, standby].map(({ closed }) => closed),
    [true, false, true],
  );
  deepStrictEqual([active.sent, standby.sent], [[HELLO], [HELLO]]);
  active.onSend = () => {};
  await socket.send(WELCOME, signal);
  active.give(HELLO);
  deepStrictEqual(await socket.receive(signal), HELLO);
  deepStrictEqual(active.sent, [HELLO, WELCOME]);
  await socket[Symbol.asyncDispose]();
  ok(active.closed);
});

Deno.test("an answer does not wait for the others to be closed, the end does", async () => {
  const { sockets: [slow, active], socket } = three();
  ok(slow && active);
  const closed = Promise.withResolvers<void>();
  slow[Symbol.asyncDispose] = () => closed.promise;
  active.onSend = () => active.give(WELCOME);
  await socket.send(HELLO, signal);
  deepStrictEqual(await socket.receive(signal), WELCOME);
  let hasEnded = false;
  const ended = socket[Symbol.asyncDispose]().then(() => hasEnded = true);
  await settled();
  ok(active.closed && !hasEnded);
  closed.resolve();
  await ended;
});

Deno.test("where nobody answers the wait ends with its signal, and all are closed in the end", async () => {
  const { sockets, chosen, socket } = three();
  const ended = new AbortController();
  const waiting = socket.send(HELLO, ended.signal);
  const reason = new Error("too long");
  ended.abort(reason);
  await rejects(waiting, reason);
  deepStrictEqual(chosen, []);
  await socket[Symbol.asyncDispose]();
  ok(sockets.every(({ closed }) => closed));
});

Deno.test("one publisher is connected to by one connection, as it is", () => {
  const [first, second] = [1, 2].map((port) => ({
    controlUrl: `tcp://hub${port}:5681`,
    streamUrl: `tcp://hub${port}:5682`,
  }));
  ok(first && second);
  const addresses = new PublisherAddresses(first);
  const urls: string[] = [];
  const only = new MemorySocket();
  const connect = (url: string) => {
    urls.push(url);
    return only;
  };
  strictEqual(connectToAny(addresses, connect), only);
  addresses.replaceBySeveral([first]);
  strictEqual(connectToAny(addresses, connect), only);
  addresses.replaceBySeveral([first, second]);
  ok(connectToAny(addresses, connect) instanceof FirstAnswer);
  deepStrictEqual(urls, [
    ...[first, first, first, second].map(({ controlUrl }) => controlUrl),
  ]);
  // Whoever answers is where the stream is, too.
  addresses.nextStreamUrl();
  addresses.choose(second);
  strictEqual(addresses.noteWelcome(), true);
  strictEqual(addresses.nextStreamUrl(), second.streamUrl);
});
