/**
 * Arbitrary lines of fail2ban's log, whole and damaged, for property tests.
 *
 * @module
 */

import fc from "fast-check";
import type { LineFormat } from "../../../lib/fail2ban/log_format.ts";
import { anyAddress, anyJailName } from "./any_values.ts";

/** A line, its format, and its description by {@link describeEvent}. */
export interface TicketLine {
  readonly format: LineFormat;
  readonly line: string;
  readonly answer: string;
}

const SYSLOG_STAMPS = [
  "Nov  3 20:38:55",
  "Nov 23 20:38:55",
  "2026-11-23T20:38:55Z",
  "2026-11-23T20:38:55.123456+01:00",
] as const;
const HOSTS = ["web-1", "a.example_1", "192.0.2.7", "2001:db8::", "x"] as const;

const pid = fc.nat(9_999_999).map((number) => `[${number}]`);
const sender = fc.record({
  name: fc.constantFrom("fail2ban.actions", "fail2ban.server.actions"),
  width: fc.constantFrom(0, 16, 24),
  pid: fc.oneof(pid, fc.constant("")),
  level: fc.constantFrom("NOTICE ", "NOTICE  ", "WARNING "),
}).map(({ name, width, pid, level }) =>
  `${name.padEnd(width)}${pid}: ${level}`
);
const stampAndHost = fc.tuple(
  fc.constantFrom(...SYSLOG_STAMPS),
  fc.constantFrom(...HOSTS),
).map((parts) => `${parts.join(" ")} `);
const fileStamp = fc.date({
  min: new Date(0),
  max: new Date("2099-12-31"),
  noInvalidDate: true,
}).map((date) => date.toISOString().replace("T", " ").replace(".", ","))
  .map((text) => text.replace("Z", " "));

const prefixes: Readonly<Record<LineFormat, fc.Arbitrary<string>>> = {
  file: fc.tuple(fileStamp, sender).map((parts) => parts.join("")),
  syslog: fc.tuple(
    fc.constantFrom("", "<29>"),
    fc.oneof(fc.constant(""), stampAndHost),
    sender,
  ).map((parts) => parts.join("")),
  sysout: fc.tuple(stampAndHost, pid, sender).map(([from, pid, sender]) =>
    `${from}fail2ban-server${pid}: ${sender}`
  ),
  journal: fc.tuple(
    stampAndHost,
    fc.constantFrom("fail2ban", "fail2ban-server"),
    pid,
  ).map(([from, name, pid]) => `${from}${name}${pid}: `),
};

const VERBS = {
  ban: "Ban",
  unban: "Unban",
  restore: "Restore Ban",
  repeal: "Repeal Ban",
} as const;

/** Any of the four formats. */
export const anyFormat: fc.Arbitrary<LineFormat> = fc.constantFrom(
  "file",
  "syslog",
  "sysout",
  "journal",
);

/** Lines about a ticket, as fail2ban writes them. */
export const anyTicketLine: fc.Arbitrary<TicketLine> = anyFormat.chain(
  (format) =>
    fc.record({
      prefix: prefixes[format],
      jail: anyJailName,
      kind: fc.constantFrom("ban", "unban", "restore", "repeal"),
      address: anyAddress,
    }).map(({ prefix, jail, kind, address }) => ({
      format,
      line: `${prefix}[${jail}] ${VERBS[kind]} ${address}`,
      answer: `${kind} ${jail} ${address}`,
    })),
);

/** Bytes with special meanings: line ends, text ends, field separators. */
const anyByte = fc.oneof(
  fc.nat(255),
  fc.constantFrom(0x0a, 0x0d, 0x00, 0x0b, 0x0c, 0x85, 0x20, 0x5b, 0x5d, 0x2e),
);
const anyPiece = fc.oneof(
  fc.uint8Array({ maxLength: 4 }),
  fc.array(anyByte, { maxLength: 4 }).map((bytes) => Uint8Array.from(bytes)),
  fc.constantFrom("Ban ", "] ", "\u2028", "\u0085", "\ufeff", "fail2ban.")
    .map((text) => new TextEncoder().encode(text)),
);

/** A line with some places cut out, repeated or overwritten. */
export const anyDamagedLine: fc.Arbitrary<Uint8Array> = fc.tuple(
  anyTicketLine,
  fc.array(
    fc.record({ at: fc.nat(), cut: fc.nat(3), piece: anyPiece }),
    { minLength: 1, maxLength: 4 },
  ),
).map(([{ line }, damages]) =>
  damages.reduce((bytes, { at, cut, piece }) => {
    const place = at % (bytes.length + 1);
    return Uint8Array.from([
      ...bytes.subarray(0, place),
      ...piece,
      ...bytes.subarray(place + cut),
    ]);
  }, new TextEncoder().encode(line))
);

/** Any content of a log: lines, damaged lines, and other bytes. */
export const anyLog: fc.Arbitrary<Uint8Array> = fc.array(
  fc.oneof(
    anyDamagedLine,
    anyTicketLine.map(({ line }) => new TextEncoder().encode(`${line}\n`)),
    fc.array(anyByte, { maxLength: 600 }).map((bytes) =>
      Uint8Array.from(bytes)
    ),
    fc.constant(Uint8Array.of(0x0a)),
  ),
  { maxLength: 12 },
).map((parts) => Uint8Array.from(parts.flatMap((part) => [...part])));
