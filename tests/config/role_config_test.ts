import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import { ConfigError } from "../../lib/base/errors.ts";
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
  deepStrictEqual(config.controlServerUrls, ["tcp://192.0.2.1:5681"]);
  strictEqual(config.fail2banSocket, undefined);
  strictEqual(config.banTimeMs, Infinity);
});

Deno.test("buildConfig() takes the addresses of several publishers, and the streams that go with them", () => {
  const text = (streams: string) =>
    `[subscriber]\ncontrolserver = tcp://hub1:5681, tcp://hub2:6681\n${streams}`;
  const urlsBy = (streams: string) => {
    const files = [{ path: "a.conf", text: text(streams) }];
    return loadConfig("subscriber", files, { hostname: "web-1" }).config;
  };
  const controls = ["tcp://hub1:5681", "tcp://hub2:6681"];
  const { protocol2, general } = urlsBy("");
  deepStrictEqual(protocol2, [
    { controlUrl: controls[0], streamUrl: "tcp://hub1:5682" },
    { controlUrl: controls[1], streamUrl: "tcp://hub2:6682" },
  ]);
  deepStrictEqual(
    general.members.map((entry) => entry.kind === "name" && entry.name),
    ["hub1", "hub2"],
  );
  deepStrictEqual(
    urlsBy("streamserver = tcp://hub1:1 tcp://hub2:2\n").protocol2
      ?.map(({ streamUrl }) => streamUrl),
    ["tcp://hub1:1", "tcp://hub2:2"],
  );
  throws(
    () => urlsBy("streamserver = tcp://hub1:1\n"),
    /as many URLs as subscriber.controlserver has/,
  );
});

Deno.test("buildConfig() has an engine only where it is set, and sends a password to this host or by TLS only", () => {
  const engineOf = (lines: string) => {
    const files = [{
      path: "a.conf",
      text: `[publisher]\nauthtoken = a-long-secret\n${lines}`,
    }];
    return loadConfig("publisher", files, { hostname: "hub1" }).config.engine;
  };
  strictEqual(engineOf("engineurls = https://hub1:2379\n"), undefined);
  deepStrictEqual(engineOf("engine = etcd\n"), {
    urls: ["http://127.0.0.1:2379"],
    authorityPath: undefined,
    loginPath: undefined,
    prefix: "/fail2ban-cluster/",
  });
  deepStrictEqual(
    engineOf(
      "engine = ETCD\nengineurls = https://hub1:2379/, http://[::1]:2379\n" +
        "engineca = /ca.pem\nenginelogin = /login\nengineprefix = /a/b/\n",
    ),
    {
      urls: ["https://hub1:2379", "http://[::1]:2379"],
      ...{ authorityPath: "/ca.pem", loginPath: "/login", prefix: "/a/b/" },
    },
  );
  for (
    const bad of [
      "engine = nats",
      ...["http://hub1:2379", "ftp://127.0.0.1", "hub1:2379", ""].map((url) =>
        `engineurls = ${url}`
      ),
      ...["https://a:b@hub1:1", "https://hub1:1/x", "https://a:1 https://a:1"]
        .map((url) => `engineurls = ${url}`),
      ...["fail2ban", "/a", "/a b/"].map((prefix) =>
        `engineprefix = ${prefix}`
      ),
    ]
  ) {
    throws(() => engineOf(`${bad}\n`), ConfigError, bad);
  }
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
