import { deepStrictEqual, match } from "node:assert/strict";
import { unbanOwn } from "../../lib/enforce/own_unban.ts";
import { Fail2banSocket } from "../../lib/fail2ban/io/fail2ban_socket.ts";
import { startFail2ban } from "../support/fail2ban/fail2ban_server.ts";
import { testWith } from "../support/host/real_parts.ts";
import { TempDir } from "../support/host/temp_dir.ts";
import { address, jail } from "../support/values/core_values.ts";

const SIGNAL = new AbortController().signal;

testWith(
  "fail2ban",
  "unbanOwn() lifts one ban of a real fail2ban, and nothing within a prefix that is not banned itself",
  async () => {
    await using dir = await TempDir.create();
    await using server = await startFail2ban({
      dir: dir.path("host"),
      jails: { sshd: {}, fail2bancluster: {} },
    });
    const targets = ["192.0.2.1", "192.0.2.8/29", "2001:db8::1"];
    for (const target of targets) {
      await server.client("set", "sshd", "banip", target);
    }
    const unban = async (text: string, name = "sshd") => {
      await using socket = new Fail2banSocket({ path: server.socketPath });
      const ban = { jail: jail(name), address: address(text) };
      return await unbanOwn(socket, ban, SIGNAL);
    };
    const none = { outcome: "absent", reason: "" } as const;
    const lifted = { outcome: "lifted", reason: "" } as const;
    deepStrictEqual(await unban("192.0.2.0/24"), none);
    deepStrictEqual(await unban("192.0.2.2"), none);
    for (const target of targets) {
      deepStrictEqual(await unban(target), lifted);
      deepStrictEqual(await unban(target), none);
    }
    deepStrictEqual(await unban("192.0.2.1", "nginx"), {
      outcome: "failed",
      reason: "there is no jail nginx",
    });
    deepStrictEqual(await unban("192.0.2.0/24", "nginx"), {
      outcome: "failed",
      reason: "there is no jail nginx",
    });
    deepStrictEqual(await unban("192.0.2.1", "fail2bancluster"), {
      outcome: "failed",
      reason: "fail2bancluster is the cluster's own jail",
    });
    await server.stop();
    const { outcome, reason } = await unban("192.0.2.1");
    deepStrictEqual(outcome, "failed");
    match(reason, /fail2ban/);
  },
);
