import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { loadConfig, type Role } from "../../lib/config/config.ts";

const ROLES: readonly Role[] = ["monitor", "publisher", "subscriber"];

/** A configuration whose monitor and subscriber connect to these hosts. */
function connecting(reportsTo: string, hearsFrom: string): string {
  return `[monitor]
authtoken = t
zmqreplyserver = ${reportsTo}
[publisher]
authtoken = t
[subscriber]
zmqpublisherurl = ${hearsFrom}
`;
}

const PUBLISHERS: readonly (readonly [
  reportsTo: string,
  hearsFrom: string,
  members: readonly string[],
])[] = [
  ["tcp://192.0.2.1:5678", "tcp://192.0.2.1:5680", ["192.0.2.1"]],
  ["tcp://[2001:DB8::1]:5678", "tcp://hub:5680", ["2001:db8::1", "hub"]],
  ["tcp://127.0.0.1:5678", "tcp://[::1]:5680", []],
  ["ipc:///run/a", "tcp://localhost:5680", []],
];

Deno.test("buildConfig() counts the monitor's control server among the members", () => {
  const text = connecting("tcp://127.0.0.1:5678", "tcp://127.0.0.1:5680")
    .replace(
      "[publisher]",
      "controlserver = tcp://192.0.2.9:5681\n[publisher]",
    );
  const { config } = loadConfig("subscriber", [{ path: "a.conf", text }], {
    hostname: "web-1",
  });
  deepStrictEqual(config.general.members.length, 1);
});

Deno.test("buildConfig() gives what protocol 2 needs at the monitor", () => {
  const text = `[monitor]
authtoken = t
controlserver = tcp://192.0.2.1:5681
fail2bansocket = none
bantime = -1
`;
  const files = [{ path: "a.conf", text }];
  const { config } = loadConfig("monitor", files, { hostname: "web-1" });
  strictEqual(config.controlServerUrl, "tcp://192.0.2.1:5681");
  strictEqual(config.fail2banSocket, undefined);
  strictEqual(config.banTimeMs, Infinity);
});

for (const role of ROLES) {
  Deno.test(`buildConfig() counts the publishers that a host connects to among the ${role}'s members, each once`, () => {
    for (const [reportsTo, hearsFrom, expected] of PUBLISHERS) {
      const text = connecting(reportsTo, hearsFrom);
      const files = [{ path: "a.conf", text }];
      const { config } = loadConfig(role, files, { hostname: "web-1" });
      deepStrictEqual(
        config.general.members.map((entry) =>
          entry.kind === "name" ? entry.name : entry.network
        ),
        expected,
      );
    }
  });
}
