import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { appendLog } from "../support/fail2ban/fail2ban_lines.ts";
import { outcomeOf } from "../support/cluster/program_outcome.ts";
import {
  type RoleName,
  type Sections,
  TestCluster,
} from "../support/cluster/test_cluster.ts";

const NOT_READY =
  "the configuration can be read; what it lacks on this host is said above";

/** What `check` says on a host with these settings. */
async function checked(
  cluster: TestCluster,
  role: RoleName,
  settings: Sections,
  env: Readonly<Record<string, string>> = {},
): Promise<{ code: number; warnings: readonly string[]; verdict: string }> {
  await cluster.addHost("host-a", settings, { env });
  const { code, stdout, stderr } = await outcomeOf(
    cluster.spawn(role, "host-a", "check"),
  );
  const prefix = `fail2ban-${role}: `;
  return {
    code,
    warnings: stderr.map((line) => line.replace(`${prefix}warning: `, "")),
    verdict: stdout.join("\n").replace(prefix, ""),
  };
}

/** One thing that is lacking, and what has to be said of it. */
interface Lack {
  readonly what: string;
  readonly role: RoleName;
  readonly settings: Sections;
  readonly says: readonly RegExp[];
  readonly env?: Readonly<Record<string, string>>;
}

const subscriber = (values: Record<string, string>): Sections => ({
  subscriber: values,
});

const LACKS: readonly Lack[] = [
  {
    what: "fail2ban's log is not there",
    role: "monitor",
    settings: { monitor: { fail2banlogpath: "/nonexistent/fail2ban.log" } },
    says: [
      /^monitor\.fail2banlogpath = \/nonexistent\/fail2ban\.log: there is no such file: is fail2ban installed and running/,
    ],
  },
  {
    what: "the hub's name has no address",
    role: "monitor",
    settings: { monitor: { zmqreplyserver: "tcp://hub.invalid:5678" } },
    says: [
      /^monitor\.zmqreplyserver = tcp:\/\/hub\.invalid:5678: hub\.invalid can't be looked up/,
    ],
  },
  {
    what: "the hub's name has no address",
    role: "subscriber",
    settings: subscriber({ zmqpublisherurl: "tcp://hub.invalid:5680" }),
    says: [/^subscriber\.zmqpublisherurl = .*hub\.invalid can't be looked up/],
  },
  {
    what: "fail2ban does not run",
    role: "subscriber",
    settings: subscriber({
      subscriberaction: "fail2banclient",
      fail2bansocket: "/nonexistent/fail2ban.sock",
    }),
    says: [
      /^subscriber\.subscriberaction = fail2banclient: .*\/nonexistent\/fail2ban\.sock/,
    ],
  },
  {
    what: "nft is missing",
    role: "subscriber",
    settings: subscriber({ subscriberaction: "nftables" }),
    env: { PATH: "/nonexistent" },
    says: [
      /^subscriber\.subscriberaction = nftables: nft can't be run: .*; install the package nftables$/,
    ],
  },
  {
    what: "execprogram has arguments",
    role: "subscriber",
    settings: subscriber({
      subscriberaction: "exec",
      execprogram: "/bin/true --now",
    }),
    says: [
      /^subscriber\.subscriberaction = exec: there is no program \/bin\/true --now: \/bin\/true is one, and what stands behind it are arguments; /,
    ],
  },
  {
    what: "execprogram is missing",
    role: "subscriber",
    settings: subscriber({
      subscriberaction: "exec",
      execprogram: "/nonexistent/act",
    }),
    says: [/^subscriber\.subscriberaction = exec: \/nonexistent\/act can't be/],
  },
  {
    what: "the log can't be written",
    role: "publisher",
    settings: { general: { logtarget: "/nonexistent/publisher.log" } },
    says: [
      /^general\.logtarget = \/nonexistent\/publisher\.log: it can't be written: there is no \/nonexistent; make its folder/,
    ],
  },
  {
    what: "its address is another host's",
    role: "publisher",
    settings: {
      publisher: { replybindurl: "tcp://192.0.2.77:5678", legacy: "readonly" },
    },
    says: [
      /^publisher\.replybindurl = tcp:\/\/192\.0\.2\.77:5678: this host has no such address$/,
    ],
  },
];

for (const { what, role, settings, says, env } of LACKS) {
  Deno.test(`check of a ${role} says that ${what}, and does not say that all is good`, async () => {
    await using cluster = await TestCluster.create();
    await Deno.mkdir(`${cluster.dir}/host-a`);
    await appendLog(cluster.logPath("host-a"), "");
    const { code, warnings, verdict } = await checked(
      cluster,
      role,
      settings,
      env,
    );
    // What a host lacks may come: no service is kept from starting by it.
    strictEqual(code, 0, warnings.join("\n"));
    strictEqual(verdict, NOT_READY);
    for (const pattern of says) {
      ok(
        warnings.some((line) => pattern.test(line)),
        `${pattern}:\n${warnings.join("\n")}`,
      );
    }
  });
}

Deno.test("check of a publisher says which port is taken, but not by itself", async () => {
  await using cluster = await TestCluster.create();
  await cluster.addHost("hub");
  {
    const port = Number(cluster.controlUrl.split(":").at(-1));
    using _other = Deno.listen({ hostname: "127.0.0.1", port });
    const { warnings, verdict } = await checked(cluster, "publisher", {});
    deepStrictEqual(warnings.filter((line) => line.startsWith("publisher.")), [
      `publisher.controlbindurl = ${cluster.controlUrl}: another program listens there (ss -ltnp 'sport = :${port}' shows which)`,
    ]);
    strictEqual(verdict, NOT_READY);
  }
  await cluster.start("publisher", "host-a");
  const { stdout } = await outcomeOf(
    cluster.spawn("publisher", "host-a", "check"),
  );
  match(stdout.join(), /the configuration is good$/);
});

for (
  const [role, key, value] of [
    ["monitor", "fail2banlogpath", "/var/log/fail2ban*.log"],
    ["monitor", "fail2bandb", "/var/lib/*/fail2ban.sqlite3"],
    ["subscriber", "execprogram", "/usr/local/bin/*"],
  ] as const
) {
  Deno.test(`check says that a * in ${role}.${key} is taken as it stands`, async () => {
    await using cluster = await TestCluster.create();
    const settings = { [role]: { [key]: value } };
    const { warnings, verdict } = await checked(cluster, role, settings);
    strictEqual(verdict, NOT_READY);
    ok(
      warnings.some((line) =>
        line.startsWith(`${role}.${key} = ${value}: nothing is put in for a *`)
      ),
      warnings.join("\n"),
    );
  });
}
