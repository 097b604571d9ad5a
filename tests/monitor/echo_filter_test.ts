import { deepStrictEqual, strictEqual } from "node:assert/strict";
import type { BanKind } from "../../lib/ban/ban_event.ts";
import { EchoFilter } from "../../lib/monitor/echo_filter.ts";
import type { EchoOracle } from "../../lib/enforce/enforcer.ts";
import { address, jail } from "../support/values/core_values.ts";

/** Knows which jails' bans, or only unbans, are echoes. */
function oracle(echoes: Record<string, readonly BanKind[]>): EchoOracle {
  return { isEcho: (kind, name) => echoes[name]?.includes(kind) ?? false };
}

function event(kind: BanKind, name: string, text = "192.0.2.1") {
  return { kind, jail: jail(name), address: address(text) };
}

Deno.test("EchoFilter keeps out what the subscriber noted, ban and unban", () => {
  const filter = new EchoFilter(oracle({ sshd: ["ban", "unban"] }));
  strictEqual(filter.isEcho(event("ban", "sshd")), true);
  strictEqual(filter.isEcho(event("unban", "sshd")), true);
  strictEqual(filter.isEcho(event("ban", "web")), false);
});

Deno.test("EchoFilter lets the unban of the host's own ban pass, also where an earlier one was an echo", () => {
  const filter = new EchoFilter(oracle({ sshd: ["unban"] }));
  strictEqual(filter.isEcho(event("ban", "sshd")), false);
  strictEqual(filter.isEcho(event("unban", "sshd")), false);
  strictEqual(filter.isEcho(event("unban", "sshd")), true, "the next one");
});

Deno.test("EchoFilter tells addresses and jails apart", () => {
  const filter = new EchoFilter(oracle({ sshd: ["unban"], web: ["unban"] }));
  filter.isEcho(event("ban", "sshd"));
  strictEqual(filter.isEcho(event("unban", "web")), true);
  strictEqual(filter.isEcho(event("unban", "sshd", "192.0.2.2")), true);
  strictEqual(filter.isEcho(event("unban", "sshd")), false);
});

Deno.test("EchoFilter remembers so many of the host's own bans, and forgets the oldest", () => {
  const filter = new EchoFilter(oracle({ sshd: ["unban"] }), { maxOwnBans: 2 });
  for (const text of ["192.0.2.1", "192.0.2.2", "192.0.2.1", "192.0.2.3"]) {
    filter.isEcho(event("ban", "sshd", text));
  }
  strictEqual(filter.isEcho(event("unban", "sshd", "192.0.2.2")), true);
  strictEqual(filter.isEcho(event("unban", "sshd", "192.0.2.1")), false);
  strictEqual(filter.isEcho(event("unban", "sshd", "192.0.2.3")), false);
});

Deno.test("EchoFilter asks with the line's own time", () => {
  const asked: unknown[] = [];
  const filter = new EchoFilter({
    isEcho(_kind, _jail, _address, atMs) {
      asked.push(atMs);
      return false;
    },
  });
  filter.isEcho({ ...event("ban", "sshd"), atMs: 5_000 });
  filter.isEcho(event("ban", "web"));
  deepStrictEqual(asked, [5_000, undefined]);
});

Deno.test("EchoFilter takes what fail2ban detected itself for the host's own, whatever was noted", () => {
  const detections = { detectedAtMs: () => 60_000 };
  const filter = new EchoFilter(oracle({ sshd: ["ban", "unban"] }), {
    detections,
  });
  const at = (atMs?: number) =>
    atMs === undefined
      ? event("ban", "sshd")
      : { ...event("ban", "sshd"), atMs };
  strictEqual(filter.isEcho(at(61_500)), false);
  strictEqual(filter.isEcho(event("unban", "sshd")), false, "its unban, too");
  strictEqual(filter.isEcho(at(63_000)), true, "that was another ban");
  strictEqual(filter.isEcho(at()), true, "nobody knows which ban it was");
});
