/**
 * A member that reports steadily in its own process, so that other work does
 * not affect its measurements; pings a bare socket at the same rate:
 * `MEMBERSHIP_JSON BARE_URL INTERVAL_MS`. Prints all answers as JSON with times
 * since 1970; ends at SIGTERM, after the last report.
 *
 * @module
 */

import { MEMBERSHIP_FORM } from "../../../../lib/members/identity_forms.ts";
import { ZmqBench } from "../../bench/zmq_bench.ts";
import { Pings } from "../pings.ts";
import { SteadyNode } from "../steady_node.ts";

const SAY_MS = 200;
const LASTS_MS = 3_600_000;

const [json = "", bareUrl = "", interval = ""] = Deno.args;
const reports = answers();
const pings = answers();
const ended = Promise.withResolvers<void>();
Deno.addSignalListener("SIGTERM", ended.resolve);
await using bench = new ZmqBench(LASTS_MS);
await using node = await SteadyNode.begin(
  bench,
  MEMBERSHIP_FORM.decode(json),
  reports.note,
  Number(interval),
);
await using _pings = new Pings(bench, bareUrl, pings.note);
const timer = setInterval(say, SAY_MS);
say();
await ended.promise;
clearInterval(timer);
const sent = await node.end();
say(sent);
Deno.removeSignalListener("SIGTERM", ended.resolve);

function answers() {
  const [dueMs, tookMs]: [number[], number[]] = [[], []];
  return {
    note(due: number, took: number) {
      dueMs.push(performance.timeOrigin + due);
      tookMs.push(took);
    },
    taken: () => ({ dueMs: dueMs.splice(0), tookMs: tookMs.splice(0) }),
  };
}

function say(sent?: number): void {
  const line = JSON.stringify({
    ...{ reports: reports.taken(), pings: pings.taken() },
    ...{ odd: node.odd.splice(0), sent: sent ?? null },
  });
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
