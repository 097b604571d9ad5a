import { deepStrictEqual, ok } from "node:assert/strict";
import { SystemClock } from "../../../lib/async/io/system_clock.ts";
import { ReboundSocket } from "../../../lib/zmq/rebound_socket.ts";
import { newCurveKeys } from "../../support/values/curve_keys.ts";
import { MemoryLog } from "../../support/memory/memory_log.ts";
import { frames, texts } from "../../support/memory/memory_socket.ts";
import { report } from "../../support/bench/tally.ts";
import { freePorts } from "../../support/host/test_ports.ts";
import { waitUntil } from "../../support/host/wait_until.ts";
import { ZmqBench } from "../../support/bench/zmq_bench.ts";
import { deadline } from "../../support/host/deadline.ts";

const ROUNDS = 10;
const LIMITS = { maxMessageBytes: 1_024, lingerMs: 500 };

Deno.test("ReboundSocket has its port again at once, each time, while a peer floods it and others come back by themselves", async () => {
  await using bench = new ZmqBench();
  const { context, signal } = bench;
  const [port] = freePorts(1);
  const url = `tcp://127.0.0.1:${port}`;
  const log = new MemoryLog();
  const router = new ReboundSocket({
    bind: () => context.router(url, LIMITS),
    clock: new SystemClock(),
    log,
  });
  const stop = new AbortController();
  const heard = new Set<string>();
  const hearing = (async () => {
    while (true) {
      const [route, text] = await router.receive(stop.signal);
      if (route === undefined || text === undefined) continue;
      heard.add(texts([text])[0] ?? "");
      await router.send([route, text], stop.signal);
    }
  })().catch((error) => {
    if (error !== stop.signal.reason) throw error;
  });
  const flooder = context.dealer(url, LIMITS);
  const flooding = (async () => {
    while (!stop.signal.aborted) {
      await flooder.send(frames("flood"), stop.signal);
    }
  })().catch((error) => {
    if (error !== stop.signal.reason) throw error;
  });
  // Takes no answers, so that some always wait to be sent to it.
  const peer = context.dealer(url, LIMITS);
  const tookMs: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const beganMs = performance.now();
    await router.rebind(signal);
    tookMs.push(performance.now() - beganMs);
    const text = `round ${round}`;
    await waitUntil(async () => {
      await peer.send(frames(text), signal);
      return heard.has(text);
    }, { what: text, intervalMs: 20 });
  }
  stop.abort();
  await Promise.all([hearing, flooding]);
  report("bound anew", { maxMs: Math.round(Math.max(...tookMs)) });
  deepStrictEqual(log.records, []);
  ok(Math.max(...tookMs) < deadline(1_500), tookMs.join(" "));
});

Deno.test("ReboundSocket tries again while another has its port, and says so", async () => {
  await using bench = new ZmqBench();
  const { context, signal } = bench;
  const [port] = freePorts(1);
  const url = `tcp://127.0.0.1:${port}`;
  const log = new MemoryLog();
  const state: { thief?: Deno.TcpListener } = {};
  let bound = 0;
  const socket = new ReboundSocket({
    bind: () => {
      // Whoever is there first, once the socket is closed.
      if (bound++ === 1) {
        state.thief = Deno.listen({ hostname: "127.0.0.1", port: port ?? 0 });
      }
      return context.publisher(url, {
        ...LIMITS,
        security: { secretKey: newCurveKeys().secretKey, zapDomain: "test" },
      });
    },
    clock: new SystemClock(),
    log,
  });
  const rebinding = socket.rebind(signal);
  await waitUntil(() => bound >= 4, { what: "some attempts" });
  state.thief?.close();
  await rebinding;
  deepStrictEqual(log.records.map(({ event }) => event), [
    "can't listen any more, and try again",
    "listening again",
  ]);
});
