import { ok, strictEqual } from "node:assert/strict";
import { bannedBy } from "../../support/cluster/host_agreement.ts";
import { ComparedHost } from "../../support/cluster/compared_host.ts";
import { testAddress } from "../../support/fail2ban/fail2ban_lines.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { pass, sideBySide } from "../../support/host/side_by_side.ts";
import { waitUntil } from "../../support/host/wait_until.ts";

/** A ban time that a test can wait for. */
const BRIEF_S = 20;

/** What a monitor may ask. */
const WAYS = { "by the socket": true, "by the database alone": false };

for (const [way, asksSocket] of Object.entries(WAYS)) {
  testWith(
    "fail2ban",
    `the cluster holds of a host what its fail2ban holds within a minute, ${way}`,
    async (t) => {
      await sideBySide(t, {
        "after a restart": () => afterRestart(asksSocket),
        "after a reload": () => afterReload(asksSocket),
        "after a ban time made shorter": () => afterShorterTime(asksSocket),
        "after a ban time set while it runs": () => afterSetTime(asksSocket),
        "after a jail was taken out": () => afterJailTakenOut(asksSocket),
        "after a jail's restart": () => afterJailRestart(asksSocket),
        "after unban --all": () => afterUnbanAll(asksSocket),
        "after lines got lost": () => afterLostLines(asksSocket),
      });
    },
  );
}

async function afterRestart(asksSocket: boolean): Promise<void> {
  await using host = await ComparedHost.create({ asksSocket });
  await host.ban(0, 5);
  await host.restart();
  await host.expectAgreement("restart", 10);
  const figures = await host.figures();
  strictEqual(figures["driftUnbans"], 0);
  strictEqual(figures["driftBans"], 0);
}

async function afterReload(asksSocket: boolean): Promise<void> {
  await using host = await ComparedHost.create({ asksSocket });
  await host.ban(0, 5);
  await host.configure({ sshd: { maxretry: 3 }, nginx: { maxretry: 3 } });
  await host.fail2ban.client("reload");
  await host.ban(5, 6);
  await host.expectAgreement("reload", 12);
}

/** Bans that the shorter time has ended are not restored; the others end early. */
async function afterShorterTime(asksSocket: boolean): Promise<void> {
  await using host = await ComparedHost.create({ asksSocket });
  await host.ban(0, 3);
  await pass(BRIEF_S * 1_000);
  await host.ban(3, 5);
  const brief = { bantime: BRIEF_S };
  await host.configure({ sshd: brief, nginx: brief });
  await host.restart();
  await waitUntil(
    async () => (await bannedBy(host.fail2ban, host.jails)).length === 0,
    { what: "fail2ban's own end of all bans", timeoutMs: 60_000 },
  );
  await host.expectAgreement("shorter ban time", 0);
}

/** Of a ban time that was made longer, only the socket tells. */
async function afterSetTime(asksSocket: boolean): Promise<void> {
  await using host = await ComparedHost.create({ asksSocket });
  await host.ban(0, 3);
  await host.compared();
  await host.fail2ban.client("set", "nginx", "bantime", "7200");
  await host.expectAgreement("a ban time set while it runs", 6);
  const longer = [...host.held()].filter(([key, endsMs]) =>
    key.startsWith("nginx ") && endsMs > Date.now() + 5_400_000
  );
  strictEqual(longer.length, asksSocket ? 3 : 0);
}

/** Its bans are lifted; those of the jail that stays are not. */
async function afterJailTakenOut(asksSocket: boolean): Promise<void> {
  await using host = await ComparedHost.create({ asksSocket });
  await host.ban(0, 3);
  await host.compared();
  await host.configure({ nginx: { enabled: "false" } });
  await host.fail2ban.client("reload");
  await host.fail2ban.waitForMessage("Jail 'nginx' stopped");
  await host.expectAgreement("a jail was taken out", 3);
  await host.configure({});
  await host.fail2ban.client("reload");
  await host.fail2ban.waitForMessage("Jail 'nginx' started", 2);
  await host.expectAgreement("a jail was put back", 6);
}

async function afterJailRestart(asksSocket: boolean): Promise<void> {
  await using host = await ComparedHost.create({ asksSocket });
  await host.ban(0, 3);
  await host.compared();
  await host.fail2ban.client("restart", "nginx");
  await host.expectAgreement("a jail's restart", 6);
  strictEqual((await host.figures())["driftUnbans"], 0);
}

async function afterUnbanAll(asksSocket: boolean): Promise<void> {
  await using host = await ComparedHost.create({ asksSocket });
  await host.ban(0, 5);
  await host.fail2ban.client("unban", "--all");
  await host.expectAgreement("unban --all", 0);
}

/** Bans and unbans while the monitor is away; then the log is gone. */
async function afterLostLines(asksSocket: boolean): Promise<void> {
  await using host = await ComparedHost.create({ asksSocket });
  await host.ban(0, 5);
  await host.compared();
  await host.stopMonitor();
  const { fail2ban } = host;
  await fail2ban.client("set", "sshd", "unbanip", testAddress(0));
  await fail2ban.client("set", "nginx", "banip", testAddress(9));
  await Deno.remove(fail2ban.logPath);
  await fail2ban.client("flushlogs");
  await host.startMonitor();
  await host.expectAgreement("lost lines", 10);
  ok(host.held().has(`nginx ${testAddress(9)}`));
}
