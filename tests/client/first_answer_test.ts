import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { Condition } from "../../lib/async/tasks.ts";
import { ControlClient } from "../../lib/client/control_client.ts";
import { BYE_MS } from "../../lib/client/farewell.ts";
import { connectToAny, FirstAnswer } from "../../lib/client/first_answer.ts";
import { PublisherAddresses } from "../../lib/client/publisher_addresses.ts";
import type { SilenceStage } from "../../lib/client/silence.ts";
import { ManualClock, settled } from "../support/memory/manual_clock.ts";
import { MemoryControl } from "../support/memory/memory_control.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";
import { MemorySocket } from "../support/memory/memory_socket.ts";
import { host, IDLE_SUBSCRIBER, PLACE } from "../support/values/core_values.ts";

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
  await socket.send(HELLO, signal);
  const ended = new AbortController();
  const waiting = socket.receive(ended.signal);
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

/** A client of a publisher and a standby that takes nothing. */
function clientOf(publisher: MemoryControl) {
  const standby = new MemoryControl();
  standby.connecting = true;
  const clock = new ManualClock();
  const stages: SilenceStage[] = [];
  const client = new ControlClient({
    clock,
    log: new MemoryLog(),
    node: host("web-1"),
    role: "subscriber",
    connect: () =>
      new FirstAnswer([publisher, standby].map((each) => ({
        socket: each.connect(),
        onFirst: () => {},
      }))),
    token: () => "",
    version: "1.2.3",
    place: PLACE,
    condition: () => IDLE_SUBSCRIBER,
    explain: (stage) => {
      stages.push(stage);
      return Promise.resolve(undefined);
    },
  });
  const stop = new AbortController();
  const never = new Condition();
  const running = client.run(stop.signal, (_, group) => never.wait(group));
  return {
    clock,
    stages: () => [...new Set(stages)],
    sessions: () => client.counters.sessions,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await clock.advance(BYE_MS);
      await running;
    },
  };
}

Deno.test("of several, a publisher that takes HELLO and says nothing is asked again after 2 s, however long connecting may take by then", async () => {
  const publisher = new MemoryControl();
  publisher.connecting = true;
  await using client = clientOf(publisher);
  await client.clock.advance(30_000);
  deepStrictEqual(client.stages(), ["connection"]);
  ok(publisher.connections.slice(0, -1).every(({ closed }) => closed));
  publisher.silent = true;
  publisher.connecting = false;
  publisher.connection.unblock();
  await client.clock.advance(1_000);
  publisher.silent = false;
  await client.clock.advance(3_000);
  deepStrictEqual(client.stages(), ["connection", "answer"]);
  strictEqual(client.sessions(), 1);
});
