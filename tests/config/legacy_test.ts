import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { loadConfig } from "../../lib/config/config.ts";
import { isLoopbackUrl } from "../../lib/base/endpoint_url.ts";
import {
  legacyMode,
  legacyWarnings,
  mayBePublic,
} from "../../lib/config/legacy.ts";

const LOOPBACK = {
  replyBindUrl: "tcp://127.0.0.1:5678",
  broadcasterBindUrl: "tcp://127.0.0.1:5680",
};

Deno.test("legacyMode() is on until a node has joined, and what the operator says", () => {
  strictEqual(legacyMode(undefined, 0), "on");
  strictEqual(legacyMode(undefined, 1), "off");
  for (const configured of ["on", "off", "readonly"] as const) {
    for (const members of [0, 1]) {
      strictEqual(legacyMode(configured, members), configured);
    }
  }
});

Deno.test("protocol 1 listens on loopback only, unless it is told otherwise", () => {
  for (const legacy of ["", "legacy = on\n", "legacy = readonly\n"]) {
    const text = `[publisher]\nauth = off\n${legacy}`;
    const { config } = loadConfig("publisher", [{ path: "a.conf", text }], {
      hostname: "hub",
    });
    ok(isLoopbackUrl(config.replyBindUrl));
    ok(isLoopbackUrl(config.broadcasterBindUrl));
    deepStrictEqual(legacyWarnings("on", config), []);
  }
});

const ADDRESSES: readonly [host: string, isPublic: boolean][] = [
  ["*", true],
  ["0.0.0.0", true],
  ["[::]", true],
  ["203.0.113.5", true],
  ["[2001:db8::1]", true],
  ["[2001:DB8:0::1]", true],
  ["172.32.0.1", true],
  ["[::ffff:203.0.113.5]", true],
  ["eth0", true],
  ["lo", false],
  ["127.0.0.1", false],
  ["127.1.2.3", false],
  ["[::1]", false],
  ["10.1.2.3", false],
  ["172.16.0.1", false],
  ["192.168.1.1", false],
  ["100.64.0.1", false],
  ["[fd00::1]", false],
  ["[FD00:0::1]", false],
  ["169.254.1.1", false],
  ["[fe80::1]", false],
  ["[::ffff:10.1.2.3]", false],
];

for (const [address, isPublic] of ADDRESSES) {
  Deno.test(`mayBePublic() is ${isPublic} for ${address}`, () => {
    strictEqual(mayBePublic(`tcp://${address}:5678`), isPublic);
  });
}

Deno.test("mayBePublic() is false for a socket of this host", () => {
  strictEqual(mayBePublic("ipc:///run/reports"), false);
});

Deno.test("legacyWarnings() names each address that may be public, what travels there and what to do", () => {
  const replyBindUrl = "tcp://*:5678";
  const broadcasterBindUrl = "tcp://203.0.113.5:5680";
  const advice =
    "to be read and changed on the way: bind it to loopback, a private network or a tunnel, " +
    "or have the nodes join by protocol 2 and set publisher.legacy = off";
  const both = { replyBindUrl, broadcasterBindUrl };
  const expected = [
    "publisher.replybindurl = tcp://*:5678: protocol 1 listens on an address that may be public, " +
    `and tokens and reports travel in the clear there, ${advice}`,
    "publisher.broadcasterbindurl = tcp://203.0.113.5:5680: protocol 1 listens on an address that may be public, " +
    `and all bans travel in the clear there, ${advice}`,
  ];
  deepStrictEqual(legacyWarnings("on", both), expected);
  deepStrictEqual(legacyWarnings("readonly", both), expected);
  deepStrictEqual(legacyWarnings("off", both), []);
  deepStrictEqual(legacyWarnings("on", { ...LOOPBACK, replyBindUrl }), [
    expected[0],
  ]);
});
