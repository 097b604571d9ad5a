/**
 * The cost of CURVE: the same messages through sockets with and without keys.
 *
 * @module
 */

import { LibcPoll } from "../lib/zmq/io/libc_poll.ts";
import { SystemClock } from "../lib/async/io/system_clock.ts";
import { ZmqContext } from "../lib/zmq/io/zmq_socket.ts";
import type { MessageSocket } from "../lib/zmq/ports.ts";
import { ZapServer } from "../lib/zmq/zap_server.ts";
import { newCurveKeys } from "../tests/support/values/curve_keys.ts";
import { MemoryLog } from "../tests/support/memory/memory_log.ts";
import { median, printTable } from "./figures.ts";
import { sized } from "./size.ts";

const ROUND_TRIPS = sized(3_000, 100);
const BURST = sized(20_000, 500);
/** Sizes of a single event's batch, and of a batch of a hundred events. */
const SMALL_BYTES = 250;
const LARGE_BYTES = 20_000;
const RUNS = sized(5, 1);

interface Pair {
  readonly router: MessageSocket;
  readonly dealer: MessageSocket;
  readonly signal: AbortSignal;
}

/** Runs work with a ROUTER and a DEALER. */
async function withPair<T>(
  isSecure: boolean,
  work: (pair: Pair) => Promise<T>,
): Promise<T> {
  await using poll = new LibcPoll();
  await using context = new ZmqContext(poll);
  const stop = new AbortController();
  const { signal } = stop;
  const server = newCurveKeys();
  const zap = new ZapServer({
    ...{ socket: context.zap(), judge: () => ({ isAdmitted: true }) },
    ...{ clock: new SystemClock(), log: new MemoryLog() },
  });
  const answering = zap.run(signal).catch(() => {});
  const limits = {
    maxMessageBytes: 1 << 20,
    sendQueueMessages: 0,
    receiveQueueMessages: 0,
  };
  const router = context.router("tcp://127.0.0.1:*", {
    ...limits,
    security: isSecure
      ? { secretKey: server.secretKey, zapDomain: "bench" }
      : undefined,
  });
  const dealer = context.dealer(router.endpoint, {
    ...limits,
    security: isSecure
      ? { keys: newCurveKeys(), serverKey: server.publicKey }
      : undefined,
  });
  try {
    await roundTrip({ router, dealer, signal }, new Uint8Array(1));
    return await work({ router, dealer, signal });
  } finally {
    stop.abort();
    await answering;
  }
}

async function roundTrip(
  { router, dealer, signal }: Pair,
  body: Uint8Array,
): Promise<void> {
  await dealer.send([body], signal);
  await router.send(await router.receive(signal), signal);
  await dealer.receive(signal);
}

/** Duration of a round trip, in microseconds. */
async function roundTripUs(pair: Pair): Promise<number> {
  const body = new Uint8Array(SMALL_BYTES);
  const startMs = performance.now();
  for (let count = 0; count < ROUND_TRIPS; count++) await roundTrip(pair, body);
  return (performance.now() - startMs) * 1_000 / ROUND_TRIPS;
}

/** Messages per second. */
async function burst(
  { router, dealer, signal }: Pair,
  bytes: number,
): Promise<number> {
  const body = new Uint8Array(bytes);
  const count = bytes > SMALL_BYTES ? BURST / 10 : BURST;
  const startMs = performance.now();
  const sending = (async () => {
    for (let sent = 0; sent < count; sent++) await dealer.send([body], signal);
  })();
  for (let had = 0; had < count; had++) await router.receive(signal);
  await sending;
  return count / ((performance.now() - startMs) / 1_000);
}

async function measure(isSecure: boolean) {
  return await withPair(isSecure, async (pair) => ({
    roundTripUs: await roundTripUs(pair),
    small: await burst(pair, SMALL_BYTES),
    large: await burst(pair, LARGE_BYTES),
  }));
}

/** Measures and prints. */
export async function benchCurve(): Promise<void> {
  const plain: Awaited<ReturnType<typeof measure>>[] = [];
  const secure: typeof plain = [];
  for (let run = 0; run < RUNS; run++) {
    plain.push(await measure(false));
    secure.push(await measure(true));
  }
  const medians = (all: typeof plain, name: keyof (typeof plain)[number]) =>
    median(all.map((each) => each[name]));
  const row = (what: string, name: "small" | "large" | "roundTripUs") => {
    const [without, withKeys] = [medians(plain, name), medians(secure, name)];
    const unit = name === "roundTripUs" ? "us" : "messages/s";
    return [
      what,
      `${Math.round(withKeys)} ${unit}`,
      `without ${Math.round(without)} ${unit}`,
      `ratio ${(withKeys / without).toFixed(2)}`,
    ];
  };
  printTable(
    `CURVE, one process, ${SMALL_BYTES} and ${LARGE_BYTES} bytes (median of ${RUNS} runs)`,
    [
      row("there and back", "roundTripUs"),
      row("a burst of small messages", "small"),
      row("a burst of large messages", "large"),
    ],
  );
}

if (import.meta.main) await benchCurve();
