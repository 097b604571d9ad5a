import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { loadConfig } from "../../lib/config/config.ts";
import { readClusterConfig } from "../../lib/config/cluster_config.ts";
import { renderShippedFile } from "../../lib/config/option_text.ts";

const SHIPPED = { path: "a.conf", text: renderShippedFile() };
const OWN = {
  state: "/home/ann/.local/state/fail2ban-cluster",
  run: "/run/user/1000/fail2ban-cluster",
};
const SYSTEM = { hostname: "web-1", userFolders: OWN };

function local(text: string) {
  return { path: "a.local", text };
}

Deno.test("a user's own folders stand in for the default places", () => {
  for (const role of ["monitor", "publisher", "subscriber"] as const) {
    const { config, notices, ownRunFolder } = loadConfig(
      role,
      [SHIPPED],
      SYSTEM,
    );
    strictEqual(config.general.stateDir, OWN.state);
    strictEqual(config.pidFile, `${OWN.run}/fail2ban-${role}.pid`);
    strictEqual(ownRunFolder, true);
    deepStrictEqual(
      notices,
      [`state is kept in ${OWN.state}, the pid file is ${config.pidFile}: this user may not write /var/lib/fail2ban-cluster and /var/run`],
    );
  }
  const cluster = readClusterConfig([SHIPPED], SYSTEM);
  strictEqual(cluster.stateDir, OWN.state);
  strictEqual(cluster.publisherPidFile, `${OWN.run}/fail2ban-publisher.pid`);
});

Deno.test("what is set elsewhere stays there", () => {
  const set = local("[general]\nstatedir = /srv/state\n");
  const { config, notices } = loadConfig("monitor", [SHIPPED, set], SYSTEM);
  strictEqual(config.general.stateDir, "/srv/state");
  strictEqual(config.pidFile, `${OWN.run}/fail2ban-monitor.pid`);
  ok(!notices.join().includes("state is kept"));
});

Deno.test("who may write the default places is told nothing", () => {
  const { config, notices, ownRunFolder } = loadConfig(
    "publisher",
    [SHIPPED],
    { hostname: "web-1" },
  );
  deepStrictEqual(
    [config.general.stateDir, config.pidFile, notices, ownRunFolder],
    [
      "/var/lib/fail2ban-cluster",
      "/var/run/fail2ban-publisher.pid",
      [],
      false,
    ],
  );
});

Deno.test("a file that everybody may read is warned of where it holds a secret", () => {
  const warningsOf = (token: string) =>
    loadConfig("publisher", [
      SHIPPED,
      {
        ...local(`[publisher]\nauthtoken = ${token}\n`),
        isWorldReadable: true,
      },
    ], SYSTEM).warnings.filter((text) => text.includes("everybody"));
  const shipped = { ...SHIPPED, isWorldReadable: true };
  deepStrictEqual(loadConfig("publisher", [shipped], SYSTEM).warnings, []);
  deepStrictEqual(warningsOf("CHANGE_ME"), []);
  deepStrictEqual(warningsOf("a-token-of-my-own-0123456789"), [
    "a.local: expected mode 0600, or 0640 and a group of its own: everybody on this host can read the secret in it",
  ]);
});
