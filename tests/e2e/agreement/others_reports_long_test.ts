import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { LimitsBench } from "../../support/cluster/limits_bench.ts";
import { startFail2ban } from "../../support/fail2ban/fail2ban_server.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { waitUntil } from "../../support/host/wait_until.ts";
import { history } from "../../support/store/stored_tables.ts";
import { hourBan } from "../../support/values/node_events.ts";

const [BRIEF, BY_HAND, SHORTENED] = [1, 2, 3].map((last) =>
  `198.51.100.${last}`
);

testWith(
  "fail2ban",
  "a node that may lifts what others reported when somebody unbans by hand on it, not when its own ban ends or is made shorter",
  async () => {
    await using bench = await LimitsBench.create();
    const { cluster } = bench;
    await using fail2ban = await startFail2ban({
      dir: `${cluster.dir}/fail2ban`,
      jails: { sshd: { bantime: 10 }, nginx: { bantime: 3_600 } },
    });
    await cluster.addHost("host-a", {
      monitor: {
        fail2banlogpath: fail2ban.logPath,
        fail2bandb: fail2ban.databasePath,
        fail2bansocket: fail2ban.socketPath,
      },
    });
    const rights = { mayUnban: true };
    cluster.joinAs("host-a", bench.member("host-a", rights));
    await using web = await bench.node("web");
    strictEqual(
      await web.events(
        hourBan(1, BRIEF, "sshd"),
        hourBan(2, BY_HAND, "nginx"),
        hourBan(3, SHORTENED, "nginx"),
      ),
      "accepted, accepted, accepted",
    );
    await cluster.start("monitor", "host-a");
    const said = (line: string) =>
      waitUntil(() => history(cluster).includes(line), {
        what: () => `${line}, not ${history(cluster).join(", ")}`,
        timeoutMs: 90_000,
      });
    await fail2ban.client("set", "sshd", "banip", `${BRIEF}`);
    await fail2ban.client("set", "nginx", "banip", `${BY_HAND}`);
    await fail2ban.client("set", "nginx", "banip", `${SHORTENED}`);
    for (const address of [BRIEF, BY_HAND, SHORTENED]) {
      await said(`report ${address} host-a`);
    }
    await fail2ban.client("set", "nginx", "unbanip", `${BY_HAND}`);
    await said(`lift ${BY_HAND} host-a`);
    await fail2ban.client("set", "nginx", "bantime", "600");
    await fail2ban.waitForMessage(`[sshd] Unban ${BRIEF}`);
    const monitor = () => cluster.figures("monitor", "host-a");
    await waitUntil(async () => {
      const { driftEnds, unanswered, reported } = await monitor();
      return Number(driftEnds) === 1 && unanswered === 0 &&
        // Three bans, and two unbans that lines said.
        Number(reported) === 5;
    }, { what: "all of it to be answered", timeoutMs: 30_000 });
    deepStrictEqual(
      history(cluster).filter((line) => line.startsWith("lift")),
      [`lift ${BY_HAND} host-a`],
    );
    strictEqual(await bench.figure("bans"), 2);
  },
);
