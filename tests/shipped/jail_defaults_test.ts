import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import {
  NOT_STARTED,
  OTHER_KEYS,
} from "../support/fail2ban/default_sections.ts";
import { Fail2banServer } from "../support/fail2ban/fail2ban_server.ts";
import {
  banAndLiftWith,
  CLUSTER_JAIL_NAME,
  COMPLETE_JAIL,
  HOST_JAIL,
  jailKeys,
  StockHost,
  VARIANTS,
  wrongOf,
} from "../support/fail2ban/stock_host.ts";
import { testWith } from "../support/host/real_parts.ts";
import { TempDir } from "../support/host/temp_dir.ts";

/** One of each kind; all are in the tests that take long. */
const SOME_DEFAULTS: readonly string[] = [
  "action = %(action_mwl)s",
  'action = mine[log="%(logpath)s", filter="%(filter)s"]',
  "backend = systemd\njournalmatch = _SYSTEMD_UNIT=ssh.service",
  "logpath = /nowhere.log\nfilter = nowhere\nenabled = false",
  "banaction_allports = %(nowhere)s",
];

for (const variant of VARIANTS) {
  testWith(
    "fail2ban",
    `fail2ban takes its configuration with our jail whatever a [DEFAULT] of each kind says: ${
      variant[0]
    }`,
    async () => {
      await using dir = await TempDir.create();
      const host = await StockHost.make(dir);
      await host.addJail(variant);
      deepStrictEqual(await wrongOf(host, SOME_DEFAULTS), []);
    },
  );
}

testWith(
  "fail2ban",
  "a started fail2ban bans and lifts in our jail and tells nobody, where [DEFAULT] mails",
  async () => {
    await banAndLiftWith("action = %(action_mwl)s", true);
  },
);

testWith(
  "fail2ban",
  "the jail that reads a log starts where the log is not there",
  async () => {
    await using dir = await TempDir.create();
    const host = await StockHost.make(dir);
    const [, log] = VARIANTS;
    ok(log);
    await host.addJail(log);
    const there = dir.path("auth.log");
    const conf = `${host.etc}/jail.d/${CLUSTER_JAIL_NAME}.conf`;
    const text = await Deno.readTextFile(conf);
    ok(text.includes("logpath = /var/log/auth.log\n"));
    await Deno.writeTextFile(conf, text.replace("/var/log/auth.log", there));
    await host.write("jail.local", `[DEFAULT]\nbanaction = mine\n${HOST_JAIL}`);
    await using server = new Fail2banServer(dir.path());
    await server.start();
    const files = () => server.client("get", CLUSTER_JAIL_NAME, "logpath");
    ok(!(await files()).includes(there));
    await Deno.writeTextFile(there, "");
    await server.client("reload");
    ok((await files()).includes(there));
  },
);

for (const variant of VARIANTS) {
  testWith(
    "fail2ban",
    `fail2ban starts with our jail whatever [DEFAULT] says of a jail's keys: ${
      variant[0]
    }`,
    async () => {
      const named = [...Object.keys(NOT_STARTED), ...OTHER_KEYS].sort();
      deepStrictEqual(named, await jailKeys());
      await using dir = await TempDir.create();
      const host = await StockHost.make(dir);
      const defaults = Object.entries(NOT_STARTED)
        .map(([key, value]) => `${key} = ${value}\n`).join("");
      await host.write(
        "jail.local",
        `[DEFAULT]\nbanaction = mine\n${defaults}${COMPLETE_JAIL}`,
      );
      await host.addJail(variant);
      await using server = new Fail2banServer(dir.path());
      await server.start();
      const ban = ["set", CLUSTER_JAIL_NAME, "banip", "192.0.2.7"];
      strictEqual(await server.client(...ban), "1");
      strictEqual(
        await server.client("get", CLUSTER_JAIL_NAME, "banip"),
        "192.0.2.7",
      );
    },
  );
}
