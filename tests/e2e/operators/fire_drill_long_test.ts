import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { OperatedCluster } from "../../support/cluster/operated_cluster.ts";
import { banned, waitBanned } from "../../support/cluster/acting_nodes.ts";
import { PATIENT_PACE } from "../../support/cluster/paces.ts";
import {
  isInForce,
  ruleset,
  tableOf,
  waitInForce,
  waitRestored,
} from "../../support/enforce/drilled_hosts.ts";
import { startFail2ban } from "../../support/fail2ban/fail2ban_server.ts";
import { NetworkNamespace } from "../../support/host/network_namespace.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { TempDir } from "../../support/host/temp_dir.ts";
import { waitUntil } from "../../support/host/wait_until.ts";

const USUAL = "192.0.2.1";
/** Not the usual one: that may be the gateway of a machine that tests. */
const OTHER = "203.0.113.9";
const DRILL = ["test", "--with-firewall"] as const;

testWith(
  ["netns", "nftables"],
  "a fire drill leaves the firewall as it was when its node, its operator or its publisher is killed amid it",
  async () => {
    await using namespace = await NetworkNamespace.create();
    await using operated = await OperatedCluster.start({
      hosts: ["web1"],
      within: namespace.within,
      pace: PATIENT_PACE,
      settings: {
        web1: {
          subscriber: {
            subscriberaction: "nftables",
            nfttable: tableOf("web1"),
          },
        },
      },
    });
    await operated.say("ban", "203.0.113.7", "--for=-1");
    await waitInForce(namespace, "web1", "203.0.113.7");
    const before = await ruleset(namespace);
    const amidDrill = async (
      end: (operator: ReturnType<OperatedCluster["begin"]>) => Promise<unknown>,
    ) => {
      const operator = operated.begin(...DRILL);
      await waitInForce(namespace, "web1", USUAL);
      await end(operator);
      ok(await isInForce(namespace, "web1", USUAL), "it was in force");
      await waitRestored(namespace, before);
      await operator[Symbol.asyncDispose]();
    };

    // The kernel ends it by itself; the publisher waits in vain.
    await amidDrill(() => operated.stop("subscriber", "web1", "SIGKILL"));
    await operated.startAgain("subscriber", "web1");
    await operated.until(
      "test",
      ({ out }) => out.includes("web1    heard, rules agree"),
    );
    await waitRestored(namespace, before);

    await amidDrill((operator) => operator.end("SIGINT"));
    // Nobody else's drill meets what may be under way.
    match((await operated.say("test")).err, /error: a test is under way/);

    await operated.until("test", ({ code }) => code === 0);
    await amidDrill(() => operated.stop("publisher", "hub", "SIGKILL"));
  },
);

testWith(
  "fail2ban",
  "a fire drill bans in a real fail2ban and lifts, no monitor reports it, and what a killed subscriber left is lifted at its start",
  async () => {
    await using dir = await TempDir.create();
    await using fail2ban = await startFail2ban({
      dir: dir.path("fail2ban"),
      jails: { sshd: {}, fail2bancluster: { bantime: "1d" } },
    });
    await using operated = await OperatedCluster.start({
      hosts: ["web1"],
      pace: PATIENT_PACE,
      settings: {
        web1: {
          monitor: {
            fail2banlogpath: fail2ban.logPath,
            fail2bandb: fail2ban.databasePath,
            fail2bansocket: fail2ban.socketPath,
          },
          subscriber: {
            subscriberaction: "fail2banclient",
            fail2bansocket: fail2ban.socketPath,
          },
        },
      },
    });
    const { cluster } = operated;
    await operated.say("ban", "203.0.113.7");
    await waitBanned(fail2ban, ["203.0.113.7"]);
    const { seq } = await cluster.figures("publisher", "hub");

    const drilled = await operated.say(...DRILL, "--address", OTHER);
    strictEqual(drilled.code, 0, drilled.out + drilled.err);
    match(
      drilled.out,
      /\n {8}fail2banclient: banned, seen, lifted, gone {2}in force after \d+ ms\n/,
    );
    deepStrictEqual(await banned(fail2ban), ["203.0.113.7"]);
    // fail2ban's client may take longer than a drill holds its ban.
    const logged = async (what: "Ban" | "Unban") => {
      const text = await Deno.readTextFile(fail2ban.logPath);
      return text.split(`[fail2bancluster] ${what} ${OTHER}\n`).length - 1;
    };
    deepStrictEqual([await logged("Ban"), await logged("Unban")], [1, 1]);

    const killed = operated.begin(...DRILL, "--address", OTHER);
    await waitUntil(async () => await logged("Ban") === 2, {
      what: "the drill's ban",
      timeoutMs: 15_000,
    });
    await operated.stop("subscriber", "web1", "SIGKILL");
    strictEqual(await logged("Unban"), 1);
    await operated.startAgain("subscriber", "web1");
    await waitBanned(fail2ban, ["203.0.113.7"]);
    await killed[Symbol.asyncDispose]();

    // What its own fail2ban logged of it was an echo of the cluster.
    const figures = await cluster.figures("publisher", "hub");
    deepStrictEqual(figures["seq"], seq);
    match(
      (await operated.say("why", OTHER)).out,
      /^203\.0\.113\.9 is not banned\./,
    );
  },
);
