/**
 * A member that reports steadily in a process of its own, so that nobody else's
 * work is in what it measures: `MEMBERSHIP_JSON`. Says all the time which
 * reports were answered, as JSON with moments since 1970; ends at SIGTERM, when
 * the last one is.
 *
 * @module
 */

import { MEMBERSHIP_FORM } from "../../../../lib/members/identity_forms.ts";
import { ZmqBench } from "../../bench/zmq_bench.ts";
import { SteadyNode } from "../steady_node.ts";

const SAY_MS = 200;
const LASTS_MS = 3_600_000;

const [json = ""] = Deno.args;
const dueMs: number[] = [];
const tookMs: number[] = [];
const ended = Promise.withResolvers<void>();
Deno.addSignalListener("SIGTERM", ended.resolve);
await using bench = new ZmqBench(LASTS_MS);
await using node = await SteadyNode.begin(
  bench,
  MEMBERSHIP_FORM.decode(json),
  (due, took) => {
    dueMs.push(performance.timeOrigin + due);
    tookMs.push(took);
  },
);
const timer = setInterval(say, SAY_MS);
say();
await ended.promise;
clearInterval(timer);
const sent = await node.end();
say(sent);
Deno.removeSignalListener("SIGTERM", ended.resolve);

function say(sent?: number): void {
  const line = JSON.stringify({
    ...{ dueMs: dueMs.splice(0), tookMs: tookMs.splice(0) },
    ...{ odd: node.odd.splice(0), sent: sent ?? null },
  });
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
