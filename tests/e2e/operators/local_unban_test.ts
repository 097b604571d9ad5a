import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import STEERED_SCHEMA from "../../../docs/schemas/steered.json" with {
  type: "json",
};
import { OperatedCluster } from "../../support/cluster/operated_cluster.ts";
import { PATIENT_PACE } from "../../support/cluster/paces.ts";
import {
  type Fail2banServer,
  startFail2ban,
} from "../../support/fail2ban/fail2ban_server.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { TempDir } from "../../support/host/temp_dir.ts";
import { schemaFaults } from "../../support/values/json_schemas.ts";

const BAD = "203.0.113.7";

/** A host's programs beside its own fail2ban; only one of them has the right at its socket. */
function besideFail2ban(
  { logPath, databasePath, socketPath }: Fail2banServer,
  asker: "monitor" | "subscriber",
  localunban: boolean,
) {
  const nowhere = `${socketPath}.closed`;
  return {
    general: { localunban: String(localunban) },
    monitor: {
      fail2banlogpath: logPath,
      fail2bandb: databasePath,
      fail2bansocket: asker === "monitor" ? socketPath : "none",
    },
    subscriber: {
      fail2bansocket: asker === "subscriber" ? socketPath : nowhere,
    },
  };
}

async function isBanned(server: Fail2banServer): Promise<boolean> {
  return (await server.client("status", "sshd")).includes(BAD);
}

/** What differs from run to run. */
function steady(text: string): string {
  return text.replace(/after \d+\.\d s/g, "after N s");
}

testWith(
  "fail2ban",
  "unban --local has the fail2bans unban that reported, through the program that has the right, where the node allows it",
  async () => {
    await using dir = await TempDir.create();
    const started = (name: string) =>
      startFail2ban({ dir: dir.path(name), jails: { sshd: {} } });
    await using web1 = await started("web1");
    await using web2 = await started("web2");
    await using web3 = await started("web3");
    await using operated = await OperatedCluster.start({
      hosts: ["web1", "web2", "web3"],
      pace: PATIENT_PACE,
      settings: {
        web1: besideFail2ban(web1, "subscriber", true),
        web2: besideFail2ban(web2, "monitor", true),
        web3: besideFail2ban(web3, "monitor", false),
      },
    });
    const servers = [web1, web2, web3];
    for (const server of servers) {
      await server.client("set", "sshd", "banip", BAD);
    }
    const isReported = ({ out }: { readonly out: string }) =>
      /web1/.test(out) && /web2/.test(out) && /web3/.test(out);
    await operated.until("bans", isReported);

    const plain = await operated.say("unban", BAD);
    deepStrictEqual(
      plain.err.split("\n").toSorted(),
      ["web1", "web2", "web3"].map((node) =>
        `fail2ban-cluster: hint: ${node}'s own fail2ban still has it in sshd; --local also unbans it there`
      ),
    );
    for (const server of servers) ok(await isBanned(server));

    const local = await operated.say("unban", BAD, "--local");
    strictEqual(local.code, 0, local.err);
    const [first = "", ...lines] = local.out.split("\n");
    match(first, /^203\.0\.113\.7 was already lifted \(reports of web\d, /);
    deepStrictEqual(lines.toSorted(), [
      "  local  web1  sshd  also lifted it",
      "  local  web2  sshd  also lifted it",
      "  local  web3  sshd  does not allow it: set localunban = true in its [general]",
    ]);
    strictEqual(
      local.err,
      "fail2ban-cluster: hint: web3's own fail2ban still has it in sshd: fail2ban-client set sshd unbanip 203.0.113.7 there",
    );
    deepStrictEqual(await Promise.all(servers.map(isBanned)), [
      ...[false, false],
      true,
    ]);

    // The next detection, and all in one call.
    await web1.client("set", "sshd", "banip", BAD);
    await operated.until("bans", ({ out }) => /web1/.test(out));
    const once = await operated.say("unban", BAD, "--local");
    match(
      steady(once.out),
      /^lifted 203\.0\.113\.7 \(report of web1\); gone on \d of \d nodes after N s\n {2}local {2}web1 {2}sshd {2}also lifted it$/,
    );
    strictEqual(once.err, "");
    ok(!await isBanned(web1));
    const again = await operated.say("unban", BAD, "--local", "--json");
    strictEqual(again.code, 0, again.err);
    const steered = JSON.parse(again.out);
    deepStrictEqual(schemaFaults(STEERED_SCHEMA, steered), []);
    deepStrictEqual(
      steered.local.map((
        { node, outcome }: { readonly node: string; readonly outcome: string },
      ) => `${node} ${outcome}`),
      ["web1 absent"],
    );
    match(
      (await operated.say("audit")).out,
      /unban +203\.0\.113\.7 +in the fail2bans that reported it/,
    );

    // Without its programs nobody can ask it.
    await web1.client("set", "sshd", "banip", BAD);
    await operated.until("bans", ({ out }) => /web1/.test(out));
    await operated.stop("monitor", "web1");
    await operated.stop("subscriber", "web1");
    const away = await operated.say("unban", BAD, "--local");
    match(
      away.out,
      /\n {2}local {2}web1 {2}sshd {2}can't be asked: none of its programs is connected$/,
    );
    ok(await isBanned(web1));
    strictEqual((await operated.say("unban", "--all", "--local")).code, 2);
  },
);
