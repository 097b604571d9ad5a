import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import BANS_SCHEMA from "../../../docs/schemas/bans.json" with { type: "json" };
import NODES_SCHEMA from "../../../docs/schemas/nodes.json" with {
  type: "json",
};
import STATUS_SCHEMA from "../../../docs/schemas/status.json" with {
  type: "json",
};
import WHY_SCHEMA from "../../../docs/schemas/why.json" with { type: "json" };
import { PATIENT_PACE } from "../../support/cluster/paces.ts";
import { OperatedCluster } from "../../support/cluster/operated_cluster.ts";
import { waitUntil } from "../../support/host/wait_until.ts";
import {
  appendLog,
  banLine,
  unbanLine,
} from "../../support/fail2ban/fail2ban_lines.ts";
import { schemaFaults } from "../../support/values/json_schemas.ts";

const BAD = "203.0.113.7";
const OTHER = "203.0.113.8";

/** What differs from run to run. */
function steady(text: string): readonly string[] {
  return text.replace(/\b\d\d:\d\d:\d\dZ/g, "TIME")
    .replace(/\b\d+\.\d+\.\d+ {3}up/g, "V   up")
    .replace(/ 0\.\d+\.\d+ /g, " V ")
    .replace(/\b\d+ (s|min|h|d)\b/g, "T")
    .replace(/change [\d,]+/g, "change N")
    .replace(/(last T|T) +/g, "$1  ")
    .split("\n");
}

Deno.test("the hub knows which nodes leave a ban out and which only observe: why, bans, nodes and status say so, and nobody is missing", async () => {
  await using operated = await OperatedCluster.start({
    hosts: ["web1", "db1", "db2"],
    pace: PATIENT_PACE,
    settings: {
      db1: { subscriber: { ignorejails: "ssh*", ignorenodes: "import:*" } },
      db2: { subscriber: { subscriberaction: "none" } },
    },
  });
  const { cluster } = operated;
  const log = cluster.logPath("web1");
  await appendLog(log, banLine("sshd", BAD) + banLine("nginx", OTHER));
  await operated.until(
    "bans --sort address",
    ({ out }) =>
      out.includes("1/1, 1 observes") && out.includes("2/2, 1 observes"),
  );
  const { out: bans } = await operated.say("bans", "--sort", "address");
  deepStrictEqual(steady(bans), [
    "ADDRESS      JAIL   REPORTED BY  SINCE  ENDS IN  ENFORCED",
    "203.0.113.7  sshd   web1         T  T  1/1, 1 observes",
    "203.0.113.8  nginx  web1         T  T  2/2, 1 observes",
  ]);
  const { out: none } = await operated.say("bans", "--not-enforced");
  strictEqual(none, "no bans");
  const { out: why } = await operated.say("why", BAD);
  deepStrictEqual(steady(why).slice(1), [
    "  reported   web1  sshd  TIME  for T  change N",
    "  enforced   1 node (fail2ban 1)",
    "  left out   db1  leaves out jail sshd",
    "  observed   db2",
    "  before     never in T",
    "  end it     fail2ban-cluster unban 203.0.113.7      keep it out: fail2ban-cluster allow add 203.0.113.7",
  ]);
  await operated.until(
    "nodes",
    ({ out }) => out.includes("2 would be in force"),
  );
  const { out: nodes } = await operated.say("nodes");
  deepStrictEqual(
    steady(nodes).filter((line) => line.startsWith("db")).map((line) =>
      line.replaceAll(/ +/g, " ")
    ),
    [
      "db1 ok T V 0 0 1 0 0 leaves out jail ssh*, list *",
      "db2 ok T V 0 0 - 0 0 only observes: 2 would be in force",
    ],
  );
  const { out: status } = await operated.say("status");
  deepStrictEqual(steady(status).slice(2, 4), [
    "enforced    3 of 3 on 2 nodes",
    "observed    2 on 1 node",
  ]);

  // The operator's word goes to db1, whose choice does not concern it.
  const banned = await operated.say("ban", "198.51.100.9");
  match(banned.out, /; in force on 2 of 2 nodes after \d+\.\d s$/);
  const list = `${cluster.dir}/drop.txt`;
  await Deno.writeTextFile(list, "198.51.100.0/25\n");
  const imported = await operated.say(
    ...["import", list, "--name", "drop", "--for", "1d"],
  );
  strictEqual(imported.code, 0, imported.err);
  const listed = await operated.until(
    "why 198.51.100.1",
    ({ out }) => out.includes("1 node ("),
  );
  deepStrictEqual(
    steady(listed.out).filter((line) => / (enf|left|obs)/.test(line)),
    [
      "  enforced   1 node (exec 1)",
      "  left out   db1  leaves out list drop",
      "  observed   db2",
    ],
  );

  await appendLog(log, unbanLine("nginx", OTHER));
  const subscriber = await waitUntil(async () => {
    const figures = await cluster.figures("subscriber", "db2");
    return figures["observed.lifted"] === 1 ? figures : undefined;
  }, { what: "an unban that is observed" });
  strictEqual(subscriber["observed.wanted"], 3);
  const { out: onNode } = await operated.sayOn("db2", "status");
  match(
    onNode,
    /observes: 3 would be in force; would have banned 4, lifted 1, refused 0$/,
  );

  const json = async (...words: readonly string[]) =>
    (await operated.say(...words, "--json")).out.split("\n").map((line) =>
      JSON.parse(line)
    );
  const faults = [
    ...(await json("bans")).map((it) => schemaFaults(BANS_SCHEMA, it)),
    ...(await json("nodes")).map((it) => schemaFaults(NODES_SCHEMA, it)),
    ...(await json("status")).map((it) => schemaFaults(STATUS_SCHEMA, it)),
    ...(await json("why", BAD)).map((it) => schemaFaults(WHY_SCHEMA, it)),
  ];
  deepStrictEqual(faults.flat(), []);
});

Deno.test("a monitor reports nothing of jails that it ignores, and takes back what it reported of them before", async () => {
  await using operated = await OperatedCluster.start({
    hosts: ["web1", "db1"],
    pace: PATIENT_PACE,
  });
  const { cluster } = operated;
  const log = cluster.logPath("web1");
  await appendLog(log, banLine("sshd", BAD) + banLine("nginx", OTHER));
  await operated.until("bans", ({ out }) => out.split("\n").length === 3);
  await operated.stop("monitor", "web1");
  const local = `${cluster.dir}/web1/fail2ban-cluster.local`;
  const before = await Deno.readTextFile(local);
  await Deno.writeTextFile(
    local,
    `${before}\n[monitor]\nignorejails = ngin*\n`,
  );
  await cluster.start("monitor", "web1");
  await operated.until("bans", ({ out }) => !out.includes("nginx"));
  await appendLog(
    log,
    banLine("nginx", "203.0.113.9") + banLine("sshd", "203.0.113.10"),
  );
  await operated.until("bans", ({ out }) => out.includes("203.0.113.10"));
  const { out } = await operated.say("bans");
  strictEqual(out.includes("nginx"), false);
  const figures = await cluster.figures("monitor", "web1");
  strictEqual(figures["ignored"], 1);
});
