import { deepStrictEqual, ok } from "node:assert/strict";
import {
  DANGEROUS,
  DEFAULTS,
  MISSING,
} from "../support/fail2ban/default_sections.ts";
import {
  banAndLiftWith,
  HOST_JAIL,
  StockHost,
  VARIANTS,
  wrongOf,
} from "../support/fail2ban/stock_host.ts";
import { testWith } from "../support/host/real_parts.ts";
import { TempDir } from "../support/host/temp_dir.ts";

for (const variant of VARIANTS) {
  testWith(
    "fail2ban",
    `fail2ban takes its configuration with our jail whatever [DEFAULT] says: ${
      variant[0]
    }`,
    async () => {
      await using dir = await TempDir.create();
      const host = await StockHost.make(dir);
      await host.addJail(variant);
      const wrong = await wrongOf(host, DEFAULTS);
      const jailConf = await Deno.readTextFile(`${host.etc}/jail.conf`);
      await host.write("jail.local", HOST_JAIL);
      for (const name of MISSING) {
        const line = new RegExp(`^${name} *=.*\n`, "gm");
        ok(line.test(jailConf), name);
        await host.write("jail.conf", jailConf.replaceAll(line, ""));
        const complaint = await host.complaint();
        if (complaint !== "") wrong.push(`no ${name}: ${complaint}`);
      }
      deepStrictEqual(wrong, []);
      ok(DEFAULTS.length + MISSING.length >= 60);
    },
  );
}

testWith(
  "fail2ban",
  "a started fail2ban bans and lifts in our jail and tells nobody, whatever [DEFAULT] says",
  async () => {
    for (const [index, text] of DANGEROUS.entries()) {
      await banAndLiftWith(text, index === 0);
    }
  },
);
