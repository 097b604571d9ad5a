import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { RuntimeError } from "../../lib/base/errors.ts";
import { decodePosition, encodePosition } from "../../lib/tail/log_position.ts";
import type { LogPosition } from "../../lib/tail/ports.ts";

const POSITION: LogPosition = {
  device: 64_769,
  inode: 1_234,
  offsetBytes: 5_678,
  fingerprint: "0123456789abcdef".repeat(4),
};

const count = fc.maxSafeNat();
const anyPosition = fc.record({
  device: count,
  inode: count,
  offsetBytes: count,
  fingerprint: fc.string({
    unit: fc.constantFrom(..."0123456789abcdef"),
    maxLength: 64,
  }),
  rotations: count,
  modifiedMs: fc.double({ noNaN: true, noDefaultInfinity: true })
    .map((ms) => ms + 0),
  behindMs: fc.integer(),
  importing: fc.constant(true as const),
}, {
  noNullPrototype: true,
  requiredKeys: ["device", "inode", "offsetBytes", "fingerprint"],
});

Deno.test("decodePosition() reads back every place that encodePosition() wrote", () => {
  fc.assert(fc.property(anyPosition, (position) => {
    const text = encodePosition(position);
    strictEqual(text.indexOf("\n"), text.length - 1);
    deepStrictEqual(decodePosition(text), position);
  }));
});

Deno.test("decodePosition() takes no part of a place for the whole", () => {
  const text = encodePosition(POSITION);
  for (let length = 0; length < text.length - 1; length++) {
    throws(() => decodePosition(text.slice(0, length)), RuntimeError);
  }
});

Deno.test("decodePosition() leaves out what it does not know", () => {
  const stored = { version: 1, ...POSITION, later: true };
  deepStrictEqual(decodePosition(JSON.stringify(stored)), POSITION);
});

const DAMAGED: readonly unknown[] = [
  null,
  7,
  "text",
  [],
  {},
  POSITION,
  { version: 2, ...POSITION },
  { version: "1", ...POSITION },
  ...Object.keys(POSITION).map((key) => ({
    version: 1,
    ...POSITION,
    [key]: null,
  })),
  { version: 1, ...POSITION, rotations: -1 },
  { version: 1, ...POSITION, modifiedMs: "0" },
  { version: 1, ...POSITION, importing: false },
  { version: 1, ...POSITION, offsetBytes: -1 },
  { version: 1, ...POSITION, offsetBytes: 0.5 },
  { version: 1, ...POSITION, offsetBytes: 2 ** 53 },
  { version: 1, ...POSITION, inode: "1" },
  { version: 1, ...POSITION, fingerprint: "x" },
  { version: 1, ...POSITION, fingerprint: "AB" },
  { version: 1, ...POSITION, fingerprint: "0".repeat(65) },
  { version: 1, ...POSITION, fingerprint: "00\n" },
];

for (const stored of DAMAGED) {
  const text = JSON.stringify(stored);
  Deno.test(`decodePosition() takes ${text} for damaged`, () => {
    throws(() => decodePosition(text), (error: unknown) => {
      ok(error instanceof RuntimeError);
      strictEqual(
        error.message,
        "the stored place in fail2ban's log is damaged",
      );
      strictEqual(
        error.hint,
        "remove the file to start at the log's end; what came meanwhile is then not reported",
      );
      return true;
    });
  });
}
