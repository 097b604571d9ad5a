import {
  deepStrictEqual,
  match,
  notStrictEqual,
  strictEqual,
} from "node:assert/strict";
import fc from "fast-check";
import { eventIdOfLine, eventIdOfTicket } from "../../lib/monitor/event_id.ts";
import { LogScanner, scanLines } from "../../lib/fail2ban/log_scanner.ts";
import { parseEventId } from "../../lib/wire/v2.ts";
import { address, jail } from "../support/values/core_values.ts";
import { logOf } from "../support/fail2ban/fail2ban_log.ts";

const ENCODER = new TextEncoder();
const PLACE = {
  fingerprint: "0123456789abcdef".repeat(2),
  rotations: 3,
  startBytes: 1_000,
};
const LINE =
  "2026-11-22 14:04:14,285 fail2ban.actions: NOTICE [sshd] Ban 192.0.2.1";

Deno.test("eventIdOfLine() gives an id, at whatever place", () => {
  const place = fc.record({
    fingerprint: fc.string({
      unit: fc.constantFrom(..."0123456789abcdef"),
      minLength: 32,
      maxLength: 64,
    }),
    rotations: fc.maxSafeNat(),
    startBytes: fc.maxSafeNat(),
  });
  fc.assert(fc.property(place, fc.string(), (place, line) => {
    const id = eventIdOfLine(place, line);
    strictEqual(parseEventId(id), id);
  }));
});

Deno.test("eventIdOfLine() tells apart lines at different places, and what was written anew", () => {
  const ids = [
    eventIdOfLine(PLACE, LINE),
    eventIdOfLine({ ...PLACE, startBytes: 1_001 }, LINE),
    eventIdOfLine({ ...PLACE, rotations: 4 }, LINE),
    eventIdOfLine({ ...PLACE, fingerprint: "f".repeat(32) }, LINE),
    eventIdOfLine(PLACE, LINE.replace("192.0.2.1", "192.0.2.2")),
    eventIdOfLine(PLACE, LINE.replace("Ban", "Unban")),
  ];
  strictEqual(new Set(ids).size, ids.length);
  strictEqual(eventIdOfLine({ ...PLACE }, `${LINE}`), ids[0]);
});

Deno.test("eventIdOfTicket() names a ban by jail, address and time", async () => {
  const made = "2026-11-22 14:04:14";
  const of = (name: string, who: string, madeAt: string) =>
    eventIdOfTicket(jail(name), address(who), madeAt);
  const id = await of("sshd", "192.0.2.1", made);
  strictEqual(parseEventId(id), id);
  match(id, /^ticket-[0-9a-f]{32}$/);
  strictEqual(await of("sshd", "192.0.2.1", made), id);
  notStrictEqual(await of("web", "192.0.2.1", made), id);
  notStrictEqual(await of("sshd", "192.0.2.2", made), id);
  notStrictEqual(await of("sshd", "192.0.2.1", ""), id);
});

/** Lines that say something, and what attackers and others write between them. */
const anyLine = fc.constantFrom(
  logOf("a N [sshd] Ban 192.0.2.1"),
  logOf("a N [sshd] Unban 192.0.2.1"),
  logOf("f I [sshd] Found 192.0.2.1"),
  ENCODER.encode("\n"),
  ENCODER.encode("F\u00fcr \u{1f512} \u2028\n"),
  new Uint8Array([0x46, 0xfc, 0xff, 0xc3, 0x0a]),
  new Uint8Array([0xef, 0xbb, 0xbf, 0x0a]),
  new Uint8Array([0xf0, 0x9f, 0x94, 0x0a]),
);

Deno.test("scanLocatedEvents() tells at which byte each line begins, whatever stands before it", () => {
  fc.assert(fc.property(fc.array(anyLine, { maxLength: 30 }), (lines) => {
    const bytes = new Uint8Array(lines.flatMap((line) => [...line]));
    const starts: number[] = [];
    let at = 0;
    for (const line of lines) {
      if ([...scanLines(line, "file")].length > 0) starts.push(at);
      at += line.length;
    }
    const places = [...new LogScanner("file").scan(bytes)];
    deepStrictEqual(places.map(({ startBytes }) => startBytes), starts);
    for (const { startBytes, line } of places) {
      const found = bytes.subarray(startBytes, startBytes + line.length);
      strictEqual(new TextDecoder().decode(found), line);
    }
  }));
});
