import { deepStrictEqual, rejects } from "node:assert/strict";
import {
  banAndUnban,
  type MonitorOptions,
  startRoles,
  waitFor,
  withDatabase,
  withoutDatabase,
  withStaleDatabase,
} from "../../support/fail2ban/fail2ban_hosts.ts";
import {
  type Fail2banServer,
  startFail2ban,
} from "../../support/fail2ban/fail2ban_server.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { heard } from "../../support/cluster/role_output.ts";
import { report } from "../../support/bench/tally.ts";
import { TestCluster } from "../../support/cluster/test_cluster.ts";
import { waitUntil } from "../../support/host/wait_until.ts";

const TARGETS = ["192.0.2.7", "2001:db8::7", "192.0.2.128/25"] as const;
/** The ban time of the jail `brief`. */
const BRIEF_SECONDS = 2;

/** How a monitor tells an unban from a restart. */
const KNOWLEDGE: Readonly<
  Record<string, (server: Fail2banServer) => MonitorOptions>
> = {
  "with fail2ban's database": withDatabase,
  "without fail2ban's database": withoutDatabase,
  "with a database that fail2ban left behind": withStaleDatabase,
};

/** What leaves every ban as it is, and how often each is then restored. */
const RESTARTS: readonly {
  readonly name: string;
  readonly restores: number;
  readonly run: (
    server: Fail2banServer,
    cluster: TestCluster,
  ) => Promise<unknown>;
}[] = [
  {
    name: "a stop and a start",
    restores: 1,
    run: async (server) => {
      await server.stop();
      await server.start();
    },
  },
  {
    name: "a kill and a start",
    restores: 1,
    run: async (server) => {
      await server.stop("SIGKILL");
      await server.start();
    },
  },
  {
    name: "a reload that fails, and one that does not",
    restores: 1,
    run: async (server, cluster) => {
      const path = `${server.configDir}/jail.d/broken.local`;
      await Deno.writeTextFile(
        path,
        "[broken]\nenabled = true\nbackend = none\n",
      );
      await rejects(server.client("reload"), /Unknown backend none/);
      // Whoever held these unbans until their time is over has shared them then.
      await waitUntil(
        async () => (await cluster.figures("monitor", "host-a"))["held"] === 0,
        { what: "a monitor that holds nothing" },
      );
      await Deno.remove(path);
      await server.client("reload");
    },
  },
  {
    name: "a restart of the jail",
    restores: 1,
    run: (server) => server.client("restart", "sshd"),
  },
  {
    name: "a reload that restarts",
    restores: 1,
    run: (server) => server.client("reload", "--restart"),
  },
  {
    name: "a reload",
    restores: 0,
    run: (server) => server.client("reload"),
  },
];

for (const [how, monitorOptions] of Object.entries(KNOWLEDGE)) {
  testWith(
    "fail2ban",
    `${how} a restart or a reload of fail2ban shares nothing`,
    async () => {
      await using cluster = await TestCluster.create();
      await using a = await startFail2ban({
        dir: `${cluster.dir}/host-a`,
        jails: { sshd: {} },
      });
      const { subscriber, probes } = await startRoles(
        cluster,
        a,
        monitorOptions(a),
      );
      await a.client("set", "sshd", "banip", ...TARGETS);
      await waitFor(() => heard(subscriber), "host-a|sshd|Ban|192.0.2.128/25");
      const before = heard(subscriber).length;
      const expected: string[] = [];
      let restored = 0;
      for (const { name, restores, run } of RESTARTS) {
        const logged = (await a.messages()).length;
        await run(a, cluster);
        restored += restores;
        for (const target of [...probes, ...TARGETS]) {
          await a.waitForMessage(`[sshd] Restore Ban ${target}`, restored);
        }
        const news = (await a.messages()).slice(logged);
        // What was held before comes before, or never.
        const sentinel = `198.51.100.${200 + expected.length}`;
        expected.push(...await banAndUnban(a, subscriber, sentinel));
        const shared = heard(subscriber).slice(before);
        report(name, {
          "unbans logged": count(news, /^\[sshd\] Unban /),
          "restores logged": count(news, /^\[sshd\] Restore Ban /),
          "shared of them": shared.length - expected.length,
        });
        deepStrictEqual(shared, expected);
      }
    },
  );

  testWith(
    "fail2ban",
    `${how} a ban whose time is over is shared as an unban`,
    async () => {
      await using cluster = await TestCluster.create();
      await using a = await startFail2ban({
        dir: `${cluster.dir}/host-a`,
        jails: { sshd: {}, brief: { bantime: BRIEF_SECONDS } },
      });
      const { subscriber } = await startRoles(cluster, a, monitorOptions(a));
      // All over a second: the database keeps whole seconds, fail2ban does not.
      const banned = performance.now();
      const targets: string[] = [];
      while (performance.now() - banned < 1_000) {
        const target = `198.51.100.${200 + targets.length}`;
        await a.client("set", "brief", "banip", target);
        targets.push(target);
      }
      for (const target of targets) {
        await waitFor(() => heard(subscriber), `host-a|brief|Unban|${target}`);
      }
      report("expired and shared", { bans: targets.length });
    },
  );
}

function count(messages: readonly string[], pattern: RegExp): number {
  return messages.filter((message) => pattern.test(message)).length;
}
