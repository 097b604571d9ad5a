import { deepStrictEqual, ok } from "node:assert/strict";
import { OperatedCluster } from "../../support/cluster/operated_cluster.ts";
import { PATIENT_PACE } from "../../support/cluster/paces.ts";
import {
  type Fail2banServer,
  startFail2ban,
} from "../../support/fail2ban/fail2ban_server.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { TempDir } from "../../support/host/temp_dir.ts";

const BAD = "203.0.113.7";

/** A host's programs beside its own fail2ban, through which it bans. */
function besideFail2ban(fail2ban: Fail2banServer) {
  const { logPath, databasePath, socketPath } = fail2ban;
  return {
    monitor: { fail2banlogpath: logPath, fail2bandb: databasePath },
    subscriber: {
      subscriberaction: "fail2banclient",
      fail2bansocket: socketPath,
    },
  };
}

/** The lines of `why` that tell where the ban is in force, and where it failed. */
function standing(why: string): string[] {
  return why.split("\n").filter((line) =>
    /^ {2}(enforced|failed) |^ {11,}web\d/.test(line)
  ).map((line) => line.trim().replaceAll(/ +/g, " "));
}

testWith(
  "fail2ban",
  "why says which fail2bans only list a ban, for their action failed: where it was detected and where it was to be put in force, until a restart carries it out",
  async () => {
    await using dir = await TempDir.create();
    // The action can't write its line, as one whose firewall's program is missing.
    const actions = ["web1", "web2"].map((name) =>
      dir.path(`${name}/actions.txt`)
    );
    for (const path of actions) await Deno.mkdir(path, { recursive: true });
    const started = (name: string, jail: string) =>
      startFail2ban({
        dir: dir.path(name),
        jails: { [jail]: { bantime: "1d" } },
      });
    await using web1 = await started("web1", "sshd");
    await using web2 = await started("web2", "fail2bancluster");
    await using operated = await OperatedCluster.start({
      hosts: ["web1", "web2"],
      pace: PATIENT_PACE,
      settings: { web1: besideFail2ban(web1), web2: besideFail2ban(web2) },
    });
    await web1.client("set", "sshd", "banip", BAD);
    const { out } = await operated.until(
      `why ${BAD}`,
      ({ out }) => standing(out).length > 2,
    );
    const failed = (jail: string) =>
      `action note of jail ${jail} failed: fail2ban only lists it`;
    deepStrictEqual(standing(out), [
      "enforced nowhere",
      `failed web1 ${failed("sshd")}`,
      `web2 ${failed("fail2bancluster")}`,
    ]);
    ok((await web2.client("status", "fail2bancluster")).includes(BAD));

    await web1.waitForRows("sshd", 1);
    await web2.waitForRows("fail2bancluster", 1);
    for (const server of [web1, web2]) await server.stop();
    for (const path of actions) await Deno.remove(path);
    for (const server of [web1, web2]) await server.start();
    await operated.until(`why ${BAD}`, ({ out }) => {
      const [line = "", ...failures] = standing(out);
      return line === "enforced 2 nodes (fail2ban 1, fail2banclient 1)" &&
        failures.length === 0;
    });
  },
);
