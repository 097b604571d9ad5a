import { ok, strictEqual } from "node:assert/strict";
import { Fail2banSocket } from "../../../lib/fail2ban/io/fail2ban_socket.ts";
import { ban, CLUSTER } from "../../support/enforce/enforcer_setup.ts";
import { testAddress } from "../../support/fail2ban/fail2ban_lines.ts";
import { RealEnforcer } from "../../support/enforce/real_enforcer.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { report } from "../../support/bench/tally.ts";

const SIGNAL = new AbortController().signal;

testWith(
  "fail2ban",
  "10,000 bans go in small parts between which fail2ban answers others",
  async () => {
    await using setup = await RealEnforcer.create({
      [CLUSTER]: { action: "" },
    });
    const { enforcer, server } = setup;
    const wanted = Array.from(
      { length: 10_000 },
      (_, at) => ban(testAddress(at)),
    );
    await using other = new Fail2banSocket({ path: server.socketPath });
    const startMs = performance.now();
    const pingsMs: number[] = [];
    let isOver = false;
    const asking = (async () => {
      while (!isOver) {
        const askedMs = performance.now();
        await other.command(["ping"], SIGNAL);
        pingsMs.push(performance.now() - askedMs);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    })();
    const partLength = enforcer.maxBansAtOnce;
    for (let start = 0; start < wanted.length; start += partLength) {
      await setup.apply(...wanted.slice(start, start + partLength));
    }
    isOver = true;
    await asking;
    const seconds = (performance.now() - startMs) / 1_000;
    strictEqual((await enforcer.list(SIGNAL)).length, wanted.length);
    pingsMs.sort((left, right) => left - right);
    const slowestMs = pingsMs.at(-1) ?? NaN;
    report("10,000 bans", {
      "seconds": seconds.toFixed(1),
      "pings of another": pingsMs.length,
      "slowest": `${Math.round(slowestMs)} ms`,
    });
    // Were they one part, somebody would have waited for all of it.
    ok(pingsMs.length > 20, `${pingsMs.length} pings`);
    ok(slowestMs < seconds * 1_000 / 4, `${slowestMs} ms of ${seconds} s`);
  },
);
