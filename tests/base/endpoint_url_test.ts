import { ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import {
  endpointHost,
  type EndpointUse,
  isLoopbackUrl,
  parseEndpointUrl,
} from "../../lib/base/endpoint_url.ts";

const BOTH: readonly EndpointUse[] = ["bind", "connect"];

const VALID: readonly [url: string, uses: readonly EndpointUse[]][] = [
  ["tcp://127.0.0.1:5678", BOTH],
  ["tcp://0.0.0.0:5678", BOTH],
  ["tcp://192.0.2.1:1", BOTH],
  ["tcp://192.0.2.1:65535", BOTH],
  ["tcp://[::1]:5680", BOTH],
  ["tcp://[::]:5680", BOTH],
  ["tcp://[2001:DB8::1]:5680", BOTH],
  ["tcp://[::ffff:192.0.2.1]:5680", BOTH],
  ["tcp://*:5680", ["bind"]],
  ["tcp://eth0:5680", BOTH],
  ["tcp://br-lan.7:5680", BOTH],
  ["tcp://publisher.example:5678", ["connect"]],
  ["tcp://localhost:5678", ["connect"]],
  ["tcp://web_1:5678", BOTH],
  ["tcp://fifteen-letters:5678", BOTH],
  ["tcp://sixteen-letters1:5678", ["connect"]],
  [`tcp://${"a".repeat(63)}:5678`, ["connect"]],
  ["ipc:///run/fail2ban-cluster/reports", BOTH],
  [`ipc:///${"a".repeat(95)}`, BOTH],
];

for (const [url, uses] of VALID) {
  for (const use of BOTH) {
    const verb = uses.includes(use) ? "takes" : "refuses";
    Deno.test(`parseEndpointUrl() ${verb} ${url} to ${use}`, () => {
      const expected = uses.includes(use) ? url : undefined;
      strictEqual(parseEndpointUrl(url, use), expected);
    });
  }
}

const INVALID: readonly string[] = [
  "",
  "tcp://",
  "127.0.0.1:5678",
  "5678",
  "http://127.0.0.1:5678",
  "TCP://127.0.0.1:5678",
  "udp://127.0.0.1:5678",
  "tcp:/127.0.0.1:5678",
  "tcp://127.0.0.1",
  "tcp://127.0.0.1:",
  "tcp://:5678",
  "tcp://127.0.0.1:0",
  "tcp://127.0.0.1:05678",
  "tcp://127.0.0.1:65536",
  "tcp://127.0.0.1:99999",
  "tcp://127.0.0.1:*",
  "tcp://*:*",
  "tcp://127.0.0.1:5678/",
  "tcp://127.0.0.1:5678 ",
  " tcp://127.0.0.1:5678",
  "tcp://127.0.0.1:5678\n",
  "tcp://127.0.0.1:5678;tcp://127.0.0.1:5679",
  "tcp://user@127.0.0.1:5678",
  "tcp://127.1:5678",
  "tcp://1:5678",
  "tcp://256.0.0.1:5678",
  "tcp://010.0.0.1:5678",
  "tcp://192.0.2.0/24:5678",
  "tcp://::1:5680",
  "tcp://[]:5680",
  "tcp://[::1:5680",
  "tcp://[:::1]:5680",
  "tcp://[127.0.0.1]:5680",
  "tcp://[fe80::1%eth0]:5680",
  "tcp://**:5680",
  "tcp://*.example:5680",
  "tcp://-host:5680",
  "tcp://publisher..example:5680",
  `tcp://${"a".repeat(254)}:5680`,
  "ipc://",
  "ipc:///",
  "ipc://relative/path",
  "ipc:///with space",
  "ipc:///with\u0000zero",
  `ipc:///${"a".repeat(96)}`,
  "inproc://here",
];

for (const url of INVALID) {
  Deno.test(`parseEndpointUrl() refuses ${JSON.stringify(url)}`, () => {
    for (const use of BOTH) strictEqual(parseEndpointUrl(url, use), undefined);
  });
}

const REACH: readonly [url: string, isLoopback: boolean][] = [
  ["tcp://127.0.0.1:5678", true],
  ["tcp://127.255.255.254:5678", true],
  ["tcp://[::1]:5678", true],
  ["tcp://[0:0:0:0:0:0:0:1]:5678", true],
  ["tcp://localhost:5678", true],
  ["tcp://LocalHost:5678", true],
  ["tcp://lo:5678", true],
  ["ipc:///run/fail2ban-cluster/reports", true],
  ["tcp://*:5678", false],
  ["tcp://0.0.0.0:5678", false],
  ["tcp://[::]:5678", false],
  ["tcp://192.0.2.1:5678", false],
  ["tcp://128.0.0.1:5678", false],
  ["tcp://1.127.0.0:5678", false],
  ["tcp://[::2]:5678", false],
  ["tcp://[2001:db8::1]:5678", false],
  ["tcp://eth0:5678", false],
  ["tcp://lo.example:5678", false],
  ["tcp://127.example.net:5678", false],
  ["tcp://localhost.example:5678", false],
];

for (const [url, isLoopback] of REACH) {
  const reach = isLoopback ? "only this host" : "other hosts";
  Deno.test(`isLoopbackUrl() knows that ${reach} can reach ${url}`, () => {
    strictEqual(isLoopbackUrl(url), isLoopback);
  });
}

Deno.test("endpointHost() gives the host without brackets, and none for a path", () => {
  const hosts = [
    ["tcp://192.0.2.1:5678", "192.0.2.1"],
    ["tcp://[2001:db8::1]:5678", "2001:db8::1"],
    ["tcp://hub_1.example.net:5678", "hub_1.example.net"],
    ["tcp://*:5678", "*"],
    ["tcp://eth0:5678", "eth0"],
    ["ipc:///run/a.sock", undefined],
  ] as const;
  for (const [url, host] of hosts) strictEqual(endpointHost(url), host, url);
});

Deno.test("parseEndpointUrl() gives the text itself or nothing for any text", () => {
  const urlLike = fc.tuple(
    fc.constantFrom("tcp://", "ipc://", "tcp://[", "ipc:///", ""),
    fc.oneof(fc.string(), fc.domain(), fc.ipV4(), fc.ipV6()),
    fc.constantFrom("", ":", "]:", ":5678", "]:5678"),
  ).map((parts) => parts.join(""));
  const use = fc.constantFrom(...BOTH);
  fc.assert(
    fc.property(fc.oneof(fc.string(), urlLike), use, (text, end) => {
      const url = parseEndpointUrl(text, end);
      ok(url === undefined || url === text);
      strictEqual(typeof isLoopbackUrl(text), "boolean");
    }),
  );
});

Deno.test("parseEndpointUrl() takes every address and port", () => {
  const host = fc.oneof(fc.ipV4(), fc.ipV6().map((text) => `[${text}]`));
  const port = fc.integer({ min: 1, max: 65_535 });
  fc.assert(
    fc.property(host, port, (address, number) => {
      const url = `tcp://${address}:${number}`;
      strictEqual(parseEndpointUrl(url, "bind"), url);
      strictEqual(parseEndpointUrl(url, "connect"), url);
    }),
    { numRuns: 1000 },
  );
});
