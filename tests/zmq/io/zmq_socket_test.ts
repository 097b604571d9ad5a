import {
  deepStrictEqual,
  match,
  notStrictEqual,
  ok,
  rejects,
  strictEqual,
} from "node:assert/strict";
import { RuntimeError } from "../../../lib/base/errors.ts";
import { LibcPoll } from "../../../lib/zmq/io/libc_poll.ts";
import { ZmqContext } from "../../../lib/zmq/io/zmq_socket.ts";
import { ChildProcess } from "../../support/host/child_process.ts";
import { PROJECT } from "../../support/install/installer.ts";
import { frames, texts } from "../../support/memory/memory_socket.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { TempDir } from "../../support/host/temp_dir.ts";
import { isPending, ZmqBench } from "../../support/bench/zmq_bench.ts";
import { deadlineSignal } from "../../support/host/deadline.ts";

const LIMITS = { maxMessageBytes: 1_024 };
const CLOSED = { message: "Cannot use a closed socket" };

async function exchange(listenUrl: string, host: string): Promise<void> {
  await using bench = new ZmqBench();
  const router = bench.context.router(listenUrl, LIMITS);
  const port = /:(\d+)$/.exec(router.endpoint)?.[1];
  const dealer = bench.context.dealer(`tcp://${host}:${port}`, LIMITS);
  deepStrictEqual(await bench.roundTrip({ router, dealer }, "a|b"), ["a|b"]);
}

for (const listenUrl of ["tcp://127.0.0.1:*", "tcp://*:*"]) {
  Deno.test(`ROUTER and DEALER exchange messages over ${listenUrl}`, () =>
    exchange(listenUrl, "127.0.0.1"));
}

for (const listenUrl of ["tcp://[::1]:*", "tcp://*:*"]) {
  testWith(
    "ipv6",
    `ROUTER and DEALER exchange messages over IPv6, ${listenUrl}`,
    () => exchange(listenUrl, "[::1]"),
  );
}

Deno.test("ROUTER and DEALER exchange messages over ipc", async () => {
  await using dir = await TempDir.create();
  await using bench = new ZmqBench();
  const pair = bench.pair({}, `ipc://${dir.path("socket")}`);
  strictEqual(pair.router.endpoint, `ipc://${dir.path("socket")}`);
  deepStrictEqual(await bench.roundTrip(pair, "a|b"), ["a|b"]);
});

Deno.test("endpoint names the port that was taken for *", async () => {
  await using bench = new ZmqBench();
  const first = bench.context.router("tcp://127.0.0.1:*", LIMITS);
  const second = bench.context.publisher("tcp://127.0.0.1:*", LIMITS);
  match(first.endpoint, /^tcp:\/\/.*127\.0\.0\.1\]?:\d+$/);
  notStrictEqual(first.endpoint, second.endpoint);
});

Deno.test("every frame arrives as it was sent, empty ones and all bytes", async () => {
  await using bench = new ZmqBench();
  const { router, dealer } = bench.pair();
  const sent = [
    new Uint8Array(),
    Uint8Array.from({ length: 256 }, (_, byte) => byte),
    new Uint8Array(),
    new Uint8Array(100_000).fill(7),
  ];
  await dealer.send(sent, bench.signal);
  const [identity, ...received] = await router.receive(bench.signal);
  ok(identity !== undefined && identity.length > 0);
  deepStrictEqual(received.map((frame) => [...frame]), sent.map((f) => [...f]));
});

Deno.test("a ROUTER answers each DEALER with what that one asked", async () => {
  await using bench = new ZmqBench();
  const router = bench.context.router("tcp://127.0.0.1:*", LIMITS);
  const dealers = Array.from(
    { length: 5 },
    () => bench.context.dealer(router.endpoint, LIMITS),
  );
  await Promise.all(
    dealers.map((dealer, index) =>
      dealer.send(frames(String(index)), bench.signal)
    ),
  );
  for (let count = 0; count < dealers.length; count++) {
    await router.send(await router.receive(bench.signal), bench.signal);
  }
  deepStrictEqual(
    await Promise.all(
      dealers.map(async (dealer) => texts(await dealer.receive(bench.signal))),
    ),
    [["0"], ["1"], ["2"], ["3"], ["4"]],
  );
});

Deno.test("messages of one peer come in their order, each once", async () => {
  await using bench = new ZmqBench();
  const { router, dealer } = bench.pair();
  const sendAll = async () => {
    for (let count = 0; count < 5_000; count++) {
      await dealer.send(frames(String(count)), bench.signal);
    }
  };
  const sending = sendAll();
  for (let count = 0; count < 5_000; count++) {
    const [, number] = texts(await router.receive(bench.signal));
    strictEqual(number, String(count));
  }
  await sending;
});

Deno.test("a ROUTER drops what is for a peer that it does not have", async () => {
  await using bench = new ZmqBench();
  const pair = bench.pair();
  await pair.router.send(frames("nobody", "", "lost"), bench.signal);
  deepStrictEqual(await bench.roundTrip(pair, "a"), ["a"]);
});

Deno.test("every SUB hears what a PUB sends and its prefix fits", async () => {
  await using bench = new ZmqBench();
  const { context, signal } = bench;
  const publisher = context.publisher("tcp://127.0.0.1:*", LIMITS);
  const all = context.subscriber(publisher.endpoint, "", LIMITS);
  const some = context.subscriber(publisher.endpoint, "he", LIMITS);
  await bench.untilHeard(publisher, all);
  await bench.untilHeard(publisher, some);
  for (const text of ["other", "he said", "her", "h"]) {
    await publisher.send(frames(text), signal);
  }
  const heardByAll = [];
  for (let count = 0; count < 4; count++) {
    heardByAll.push(texts(await bench.next(all))[0]);
  }
  deepStrictEqual(heardByAll, ["other", "he said", "her", "h"]);
  deepStrictEqual(texts(await bench.next(some)), ["he said"]);
  deepStrictEqual(texts(await bench.next(some)), ["her"]);
});

Deno.test("a second receive that comes while one waits throws, and takes nothing from it", async () => {
  await using bench = new ZmqBench();
  const pair = bench.pair();
  const first = pair.dealer.receive(bench.signal);
  await rejects(pair.dealer.receive(bench.signal), /another receive waits/);
  await pair.dealer.send(frames("a"), bench.signal);
  await pair.router.send(
    await pair.router.receive(bench.signal),
    bench.signal,
  );
  deepStrictEqual(texts(await first), ["a"]);
  deepStrictEqual(await bench.roundTrip(pair, "b"), ["b"]);
});

Deno.test("a second send that comes while one waits throws", async () => {
  await using bench = new ZmqBench();
  const dealer = bench.context.dealer("tcp://127.0.0.1:1", LIMITS);
  const stop = new AbortController();
  const first = rejects(dealer.send(frames("a"), stop.signal));
  await rejects(dealer.send(frames("b"), stop.signal), /another send waits/);
  stop.abort();
  await first;
});

Deno.test("an aborted receive rejects with the reason, at once, and loses no message", async () => {
  await using bench = new ZmqBench();
  const pair = bench.pair();
  const reason = new Error("enough");
  const stop = new AbortController();
  const waiting = rejects(pair.router.receive(stop.signal), reason);
  stop.abort(reason);
  await waiting;
  await pair.dealer.send(frames("a"), bench.signal);
  await rejects(pair.router.receive(stop.signal), reason);
  const [, text] = texts(await pair.router.receive(bench.signal));
  strictEqual(text, "a");
  deepStrictEqual(await bench.roundTrip(pair, "b"), ["b"]);
});

Deno.test("an aborted send rejects with the reason, at once, and its message is never sent", async () => {
  await using bench = new ZmqBench();
  const gone = bench.context.router("tcp://127.0.0.1:*", LIMITS);
  const url = gone.endpoint;
  await gone[Symbol.asyncDispose]();
  const dealer = bench.context.dealer(url, LIMITS);
  const reason = new Error("enough");
  const stop = new AbortController();
  const waiting = rejects(dealer.send(frames("aborted"), stop.signal), reason);
  stop.abort(reason);
  await waiting;
  await rejects(dealer.send(frames("aborted too"), stop.signal), reason);
  const router = bench.context.router(url, LIMITS);
  deepStrictEqual(await bench.roundTrip({ router, dealer }, "a"), ["a"]);
});

Deno.test("disposing of a socket ends what waits on it, and everything later", async () => {
  await using bench = new ZmqBench();
  const dealer = bench.context.dealer("tcp://127.0.0.1:1", LIMITS);
  const ended = Promise.all([
    rejects(dealer.receive(bench.signal), CLOSED),
    rejects(dealer.send(frames("a"), bench.signal), CLOSED),
  ]);
  strictEqual(await isPending(ended), true);
  await dealer[Symbol.asyncDispose]();
  await ended;
  await rejects(dealer.receive(bench.signal), CLOSED);
  await rejects(dealer.send(frames("a"), bench.signal), CLOSED);
});

Deno.test("everything may be disposed of in any order, and again", async () => {
  const poll = new LibcPoll();
  const context = new ZmqContext(poll);
  const first = context.router("tcp://127.0.0.1:*", LIMITS);
  const second = context.dealer(first.endpoint, { ...LIMITS, lingerMs: 100 });
  await Promise.all([
    first[Symbol.asyncDispose](),
    first[Symbol.asyncDispose](),
  ]);
  const waiting = rejects(second.receive(deadlineSignal(5_000)), CLOSED);
  await poll[Symbol.asyncDispose]();
  await context[Symbol.asyncDispose]();
  await waiting;
  await second[Symbol.asyncDispose]();
  await context[Symbol.asyncDispose]();
  await poll[Symbol.asyncDispose]();
});

Deno.test("a port that is taken is a RuntimeError that says by whom, and is free again once that one is closed", async () => {
  await using bench = new ZmqBench();
  const { context } = bench;
  const first = context.router("tcp://127.0.0.1:*", LIMITS);
  const url = first.endpoint;
  for (const bind of ["router", "publisher"] as const) {
    const error = thrownBy(() => context[bind](url, LIMITS));
    ok(error instanceof RuntimeError);
    match(error.message, /^cannot listen on tcp:.*: Address already in use$/);
    match(error.hint ?? "", /another copy of this one, has that port/);
  }
  await first[Symbol.asyncDispose]();
  strictEqual(context.router(url, LIMITS).endpoint, url);
});

Deno.test("an address that is not of this host is a RuntimeError with a hint", async () => {
  await using bench = new ZmqBench();
  const { context } = bench;
  const error = thrownBy(() => context.router("tcp://203.0.113.1:*", LIMITS));
  ok(error instanceof RuntimeError);
  match(error.hint ?? "", /an address of this host/);
});

Deno.test("an endpoint that can't be connected to is a RuntimeError", async () => {
  await using bench = new ZmqBench();
  const error = thrownBy(() => bench.context.dealer("nonsense", LIMITS));
  ok(error instanceof RuntimeError);
  strictEqual(error.message, "cannot connect to nonsense: Invalid argument");
});

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error("Nothing was thrown");
}

Deno.test("a signal between two looks at a socket does not matter", async () => {
  const path =
    `${PROJECT}/tests/support/cluster/programs/interrupted_sockets.ts`;
  const config = `${PROJECT}/deno.json`;
  await using child = new ChildProcess({
    command: Deno.execPath(),
    args: ["run", "-A", "--config", config, path, "10000"],
  });
  await child.waitForLine(/^ready$/);
  while (!child.hasEnded && child.stdout.length < 2) {
    for (let count = 0; count < 100; count++) child.signal("SIGUSR2");
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  deepStrictEqual([child.stdout, child.stderr], [["ready", "done"], []]);
});

Deno.test("every message of a burst comes in its order, and the one that is sent after it", async () => {
  await using bench = new ZmqBench();
  const { router, dealer } = bench.pair();
  for (let burst = 0; burst < 3; burst++) {
    const sent = Array.from({ length: 50 }, (_, at) => `${burst} ${at}`);
    for (const text of sent) await dealer.send(frames(text), bench.signal);
    const received: string[] = [];
    for (const _ of sent) {
      received.push(...texts(await router.receive(bench.signal)).slice(1));
    }
    deepStrictEqual(received, sent);
    const late = router.receive(bench.signal);
    strictEqual(await isPending(late, 20), true);
    await dealer.send(frames("late"), bench.signal);
    strictEqual(texts(await late)[1], "late");
  }
});
