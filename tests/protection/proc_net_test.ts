import { deepStrictEqual, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import {
  defaultGateways4,
  defaultGateways6,
  nameServers,
  singleAddress,
} from "../../lib/protection/proc_net.ts";

const ROUTE_HEAD =
  "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT   ";

function route(
  destination: string,
  gateway: string,
  flags: string,
  mask: string,
): string {
  return `eth0\t${destination}\t${gateway}\t${flags}\t0\t0\t0\t${mask}\t0\t0\t0   `;
}

/** As Linux 6 writes it: a host with one network and one gateway. */
const ROUTE = [
  ROUTE_HEAD,
  route("00000000", "010200C0", "0003", "00000000"),
  route("000200C0", "00000000", "0001", "00FFFFFF"),
  "",
].join("\n");

const ANYWHERE = "0".repeat(32);

function route6(
  destination: string,
  bits: string,
  gateway: string,
  flags: string,
): string {
  return `${destination} ${bits} ${ANYWHERE} 00 ${gateway} 00000400 00000002 00000000 ${flags}     eth0`;
}

const GATEWAY6 = "20010db8000000000000000000000001";

Deno.test("defaultGateways4() reads the gateway of the default route, whose octets stand backwards", () => {
  deepStrictEqual(defaultGateways4(ROUTE), ["192.0.2.1"]);
});

Deno.test("defaultGateways4() reads every default route, the halves that VPNs make of it too, each gateway once", () => {
  const text = [
    ROUTE_HEAD,
    route("00000000", "010200C0", "0003", "00000000"),
    route("00000000", "FE6433C6", "0003", "00000000"),
    route("00000000", "017100CB", "0003", "00000080"),
    route("00000080", "017100CB", "0003", "00000080"),
  ].join("\n");
  deepStrictEqual(defaultGateways4(text), [
    "192.0.2.1",
    "198.51.100.254",
    "203.0.113.1",
  ]);
});

Deno.test("defaultGateways4() leaves out routes to one network, without a gateway, and those that are down", () => {
  const text = [
    ROUTE_HEAD,
    route("0000000A", "010200C0", "0003", "000000FF"),
    route("00000000", "00000000", "0001", "00000000"),
    route("00000000", "010200C0", "0002", "00000000"),
    route("00000000", "010200", "0003", "00000000"),
    route("00000000", "010200CX", "0003", "00000000"),
  ].join("\n");
  deepStrictEqual(defaultGateways4(text), []);
});

Deno.test("defaultGateways6() reads the gateways of default routes, each once", () => {
  const text = [
    route6("20010db8000100000000000000000000", "40", ANYWHERE, "00000001"),
    route6(ANYWHERE, "00", GATEWAY6, "00000003"),
    route6(ANYWHERE, "00", GATEWAY6, "00450003"),
    route6(`2${"0".repeat(31)}`, "03", `fe80${"0".repeat(27)}1`, "00000003"),
    route6(ANYWHERE, "00", ANYWHERE, "00200200"),
    "",
  ].join("\n");
  deepStrictEqual(defaultGateways6(text), ["2001:db8::1", "fe80::1"]);
});

Deno.test("defaultGateways6() leaves out routes to one network, without a gateway, and those that are down", () => {
  const text = [
    route6("20010db8000100000000000000000000", "30", GATEWAY6, "00000003"),
    route6(ANYWHERE, "00", GATEWAY6, "00000001"),
    route6(ANYWHERE, "00", GATEWAY6, "00000002"),
    route6(ANYWHERE, "00", GATEWAY6.slice(1), "00000003"),
  ].join("\n");
  deepStrictEqual(defaultGateways6(text), []);
});

Deno.test("nameServers() reads the servers, with zones, comments and anything else around them", () => {
  const text = `# nameserver 192.0.2.9
; nameserver 192.0.2.8
search example.net
nameserver 192.0.2.53
nameserver\t2001:DB8::53   # the second
nameserver fe80::1%eth0
nameserver 192.0.2.53
 nameserver 192.0.2.7
nameserver
nameserver resolver.example.net
nameserver 192.0.2.0/24
nameserver 192.0.2.256
options edns0
`;
  deepStrictEqual(nameServers(text), ["192.0.2.53", "2001:db8::53", "fe80::1"]);
});

Deno.test("nameServers() finds none in an empty file", () => {
  deepStrictEqual(nameServers(""), []);
});

Deno.test("singleAddress() reads an address with or without the interface it is on, and no prefix", () => {
  const cases = [
    ["192.0.2.1", "192.0.2.1"],
    ["FE80::1%eth0", "fe80::1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["192.0.2.0/24", undefined],
    ["192.0.2.1/32", undefined],
    ["%eth0", undefined],
    ["", undefined],
  ] as const;
  for (const [text, address] of cases) {
    strictEqual(singleAddress(text), address, text);
  }
});

Deno.test("the readers of the system's files take any text", () => {
  const line = fc.oneof(
    fc.string(),
    fc.constantFrom(...ROUTE.split("\n"), "nameserver ", "nameserver 1"),
    fc.tuple(fc.string(), fc.string(), fc.string(), fc.string())
      .map((parts) => route6(...parts)),
  );
  const text = fc.array(line).map((lines) => lines.join("\n"));
  fc.assert(fc.property(text, (file) => {
    for (const read of [defaultGateways4, defaultGateways6, nameServers]) {
      strictEqual(Array.isArray(read(file)), true);
    }
  }));
});
