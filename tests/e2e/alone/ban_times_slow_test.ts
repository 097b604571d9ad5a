import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { heldOf, rowsOf } from "../../support/cluster/host_agreement.ts";
import { startFail2ban } from "../../support/fail2ban/fail2ban_server.ts";
import { testAddress } from "../../support/fail2ban/fail2ban_lines.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { report } from "../../support/bench/tally.ts";
import { TestCluster } from "../../support/cluster/test_cluster.ts";
import { waitUntil } from "../../support/host/wait_until.ts";
import { scaled } from "../../support/host/deadline.ts";

const PER_JAIL = 200;
const PER_COMMAND = 50;
/** Ends may differ by so much, and by what a report takes on its way, in milliseconds: the hub adds what is left to its own clock. */
const SAME_END_MS = 2_000 + scaled(500);
const TIMES = { one: "10m", two: "1h", three: "20m", four: "1d", five: -1 };
/** Programs that use a core each, beside all that a test starts: half of the machine is theirs. */
const BUSY = navigator.hardwareConcurrency;

testWith(
  "fail2ban",
  "1,000 bans of five jails under load, without fail2ban's socket: every end is fail2ban's own within 2 s, none is assumed",
  async () => {
    await using cluster = await TestCluster.create({ protocol: 2 });
    await using fail2ban = await startFail2ban({
      dir: `${cluster.dir}/host-a`,
      jails: Object.fromEntries(
        Object.entries(TIMES).map(([jail, bantime]) => [
          jail,
          jail === "three"
            ? { bantime, "bantime.increment": "true", "bantime.rndtime": 900 }
            : { bantime },
        ]),
      ),
    });
    await cluster.addHost("hub");
    const monitor = {
      fail2bandb: fail2ban.databasePath,
      // As on a default Debian: it is there, and not for the monitor's user.
      fail2bansocket: `${cluster.dir}/closed.sock`,
    };
    await cluster.addHost("host-a", { monitor });
    await cluster.start("publisher", "hub");
    await cluster.start("monitor", "host-a");
    using _load = busy(BUSY);
    const jails = Object.keys(TIMES);
    const addresses = Array.from(
      { length: PER_JAIL },
      (_, at) => testAddress(at),
    );
    for (let at = 0; at < PER_JAIL; at += PER_COMMAND) {
      const some = addresses.slice(at, at + PER_COMMAND);
      for (const jail of jails) {
        await fail2ban.client("set", jail, "banip", ...some);
      }
    }
    // Rows come after the lines, and their ends may be changed after that.
    const wanted = jails.length * PER_JAIL;
    await waitUntil(() => rowsOf(fail2ban).size === wanted, {
      what: "all rows",
      timeoutMs: 60_000,
      intervalMs: 200,
    });
    const wrong = () => {
      const held = heldOf(cluster, "host-a");
      return [...rowsOf(fail2ban)].filter(([key, endsMs]) => {
        const heldMs = held.get(key) ?? 0;
        return heldMs !== endsMs && !(Math.abs(heldMs - endsMs) <= SAME_END_MS);
      });
    };
    await waitUntil(() => wrong().length === 0, {
      what: () => `the right ends; wrong: ${wrong().slice(0, 5).join(" ")}`,
      timeoutMs: 60_000,
      intervalMs: 200,
    });
    const figures = await cluster.figures("monitor", "host-a");
    report("ban times", {
      bans: wanted,
      corrected: figures["corrected"],
      assumed: figures["assumedTimes"],
    });
    strictEqual(figures["assumedTimes"], 0);
    ok(Number(figures["corrected"]) <= wanted);
    deepStrictEqual(wrong(), []);
  },
);

/** Programs that do nothing but use processors, until disposed. */
function busy(count: number): Disposable {
  const children = Array.from(
    { length: count },
    () =>
      new Deno.Command("sh", { args: ["-c", "while :; do :; done"] }).spawn(),
  );
  return {
    [Symbol.dispose]() {
      for (const child of children) child.kill("SIGKILL");
    },
  };
}
