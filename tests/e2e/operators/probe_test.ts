import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import TEST_SCHEMA from "../../../docs/schemas/test.json" with {
  type: "json",
};
import { OperatedCluster } from "../../support/cluster/operated_cluster.ts";
import { PATIENT_PACE } from "../../support/cluster/paces.ts";
import { schemaFaults } from "../../support/values/json_schemas.ts";

/** Not the usual one: that may be the gateway of a machine that tests. */
const PROBED = "203.0.113.9";
const TEST = ["test", "--address", PROBED] as const;

/** What differs from run to run. */
function steady(text: string): string {
  return text.replace(/\d+\.\d ms/g, "N ms").replace(
    /\d+ s ago/g,
    "N s ago",
  );
}

Deno.test(
  "test has a probe go the way of a ban to every program, tells who does not answer and who has other rules, and bans nobody",
  async () => {
    await using operated = await OperatedCluster.start({
      hosts: ["web1", "web2", "db3"],
      pace: PATIENT_PACE,
      settings: { web2: { general: { ignoreip: "203.0.113.0/28" } } },
    });
    const { cluster } = operated;
    const seqOf = async (host: string) =>
      (await cluster.figures("subscriber", host))["seq"];
    const before = await Promise.all(["web1", "web2", "db3"].map(seqOf));

    const one = await operated.say(...TEST, "--node", "web1");
    strictEqual(one.code, 0, one.err);
    deepStrictEqual(steady(one.out).split("\n"), [
      `probe ${PROBED}, nobody is banned`,
      "hub     accepted and stored       N ms",
      "web1    heard, rules agree        N ms",
      "1 node answered",
    ]);

    await operated.stop("subscriber", "db3", "SIGKILL");
    await operated.stop("monitor", "db3", "SIGKILL");
    const all = await operated.say(...TEST);
    strictEqual(all.code, 4, all.err);
    deepStrictEqual(steady(all.out).split("\n"), [
      `probe ${PROBED}, nobody is banned`,
      "hub     accepted and stored       N ms",
      "hub     never connected",
      "web1    heard, rules agree        N ms",
      "web2    heard, rules differ       N ms",
      "        a ban: ignoreip has 203.0.113.0/28; on the hub: allowed",
      "db3     no answer in 5 s          last seen N s ago",
      "1 of 3 nodes did not answer",
      "1 of 3 nodes would decide differently from the hub",
    ]);
    strictEqual(all.err, "");

    // A program that said bye is not waited for, and each is told by itself.
    await operated.stop("monitor", "web1");
    const json = await operated.say(...TEST, "--node", "web1", "--json");
    strictEqual(json.code, 4, json.err);
    const tested = JSON.parse(json.out);
    deepStrictEqual(schemaFaults(TEST_SCHEMA, tested), []);
    deepStrictEqual(
      tested.nodes[0].programs.map((
        { role, outcome }: { readonly role: string; readonly outcome: string },
      ) => `${role} ${outcome}`),
      ["monitor away", "subscriber heard"],
    );
    match(
      steady((await operated.say(...TEST, "--node", "web1")).out),
      /\nweb1 {4}monitor: stopped {16}last seen N s ago\n {8}subscriber: heard, rules agree {2}N ms/,
    );

    const whoever = await operated.say(...TEST, "--node", "nobody");
    strictEqual(whoever.code, 4);
    match(whoever.err, /error: nobody is no member\n.*hint: /s);

    // It was in no table and no past, and nothing was reported.
    match(
      (await operated.say("why", PROBED)).out,
      /^203\.0\.113\.9 is not banned\./,
    );
    strictEqual((await operated.say("bans")).out.includes(PROBED), false);
    deepStrictEqual(
      await Promise.all(["web1", "web2"].map(seqOf)),
      before.slice(0, 2),
    );
    ok(!(await operated.say("audit")).out.includes("test"));
  },
);
