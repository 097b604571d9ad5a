/**
 * A bare ZeroMQ socket that echoes messages: the fastest possible answer on
 * this machine now. Prints its URL first; ends at SIGTERM.
 *
 * @module
 */

import { ZmqBench } from "../../bench/zmq_bench.ts";

const LASTS_MS = 3_600_000;
const ended = new AbortController();
Deno.addSignalListener("SIGTERM", () => ended.abort());
await using bench = new ZmqBench(LASTS_MS);
await using router = bench.context.router("tcp://127.0.0.1:*", bench.limits);
Deno.stdout.writeSync(new TextEncoder().encode(`${router.endpoint}\n`));
try {
  while (true) {
    const frames = await router.receive(ended.signal);
    await router.send(frames, ended.signal);
  }
} catch (error) {
  if (!ended.signal.aborted) throw error;
}
Deno.exit(0);
