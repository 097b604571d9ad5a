import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import STATUS_SCHEMA from "../../../docs/schemas/status.json" with {
  type: "json",
};
import { banStorePath } from "../../../lib/store/io/sqlite_ban_store.ts";
import { OperatedCluster } from "../../support/cluster/operated_cluster.ts";
import { appendLog, banLine } from "../../support/fail2ban/fail2ban_lines.ts";
import { schemaFaults } from "../../support/values/json_schemas.ts";

const BAD = "203.0.113.7";

/** What differs from run to run. */
function steady(text: string): string {
  return text.replace(/\b\d+ (s|min)\b/g, "T")
    .replace(/\b\d+\.\d+\.\d+ {3}up/g, "V   up")
    .replace(/last T +/g, "last T  ");
}

Deno.test("status on the hub is the cluster's, and on a node what that has and where the hub is", async () => {
  await using operated = await OperatedCluster.start({
    hosts: ["web1", "web2"],
  });
  const { cluster } = operated;
  await appendLog(cluster.logPath("web2"), banLine("sshd", BAD));
  await operated.until("bans", ({ out }) => out.endsWith("2/2"));
  await operated.until(
    "nodes",
    ({ out }) =>
      out.split("\n").filter((line) => / ok /.test(line)).length === 2,
  );
  const { out, code } = await operated.say("status");
  strictEqual(code, 0);
  deepStrictEqual(steady(out).split("\n"), [
    "hub         publisher V   up T   1 ban   change 1   store ok   no backup",
    // The hub is a member, too, in this set-up, and runs nothing of a node.
    "nodes       2 ok   1 never there                    fail2ban-cluster nodes",
    "enforced    2 of 2 on 2 nodes",
    "last T  1 new   0 ended   0 refused",
  ]);
  const hub = JSON.parse((await operated.say("status", "--json")).out);
  deepStrictEqual(schemaFaults(STATUS_SCHEMA, hub), []);
  strictEqual(hub.kind, "hub");

  const onNode = await operated.sayOn("web1", "status");
  strictEqual(onNode.code, 0, onNode.err);
  deepStrictEqual(steady(onNode.out).split("\n"), [
    "node        web1   its hub is 127.0.0.1             fail2ban-cluster status there: the cluster",
    "monitor     V   up T   its hub answers   0 reports wait",
    "subscriber  V   up T   1 ban   change 1   follows its hub",
    "            exec: 1 in force",
  ]);
  const node = JSON.parse(
    (await operated.sayOn("web1", "status", "--json")).out,
  );
  deepStrictEqual(schemaFaults(STATUS_SCHEMA, node), []);
  match(node.hub, /^tcp:\/\/127\.0\.0\.1:\d+$/);
  await operated.stop("monitor", "web1");
  match(
    (await operated.sayOn("web1", "status")).out,
    /^monitor +does not run$/m,
  );
});

Deno.test("doctor tells that the publisher can't read its store, and not that it is good", async () => {
  await using operated = await OperatedCluster.start({ hosts: [] });
  strictEqual((await operated.say("ban", BAD)).code, 0);
  const store = banStorePath(operated.cluster.stateDir("hub"));
  await operated.stop("publisher", "hub");
  {
    using database = new DatabaseSync(store);
    database.exec(
      `INSERT INTO receipts VALUES
        ('operator', '${BAD}', 'web1', 'exec', 1, 'applied', '', 1)`,
    );
  }
  await operated.startAgain("publisher", "hub");
  match((await operated.say("status")).err, /a row of receipts is not as it/);
  const { code, out } = await operated.say("doctor");
  strictEqual(code, 4);
  match(out, /^FAIL +store +a row of receipts is not as it was written/m);
});
