import { ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { nearestName } from "../../lib/base/nearest_name.ts";

const KEYS = ["pidfile", "auth", "authtoken", "replybindurl", "hostname"];

const GUESSES: readonly [word: string, meant: string | undefined][] = [
  ["pidfile", "pidfile"],
  ["pidfiel", "pidfile"],
  ["pid_file", "pidfile"],
  ["PIDFILE", "pidfile"],
  ["oauth", "auth"],
  ["aut", "auth"],
  ["auth_token", "authtoken"],
  ["tokenauth", undefined],
  ["replyurl", undefined],
  ["replybindurls", "replybindurl"],
  ["reply_bind_uri", "replybindurl"],
  ["pidxxle", "pidfile"],
  ["xxth", "auth"],
  ["xxxh", undefined],
  ["xxxxybindurl", "replybindurl"],
  ["xxxxxbindurl", undefined],
  ["colour", undefined],
  ["", undefined],
  ["x", undefined],
];

for (const [word, meant] of GUESSES) {
  Deno.test(`nearestName() takes ${JSON.stringify(word)} for ${meant}`, () => {
    strictEqual(nearestName(word, KEYS), meant);
  });
}

Deno.test("nearestName() does not compare words of more than 64 letters", () => {
  const known = ["x".repeat(64)];
  strictEqual(nearestName("x".repeat(64), known), known[0]);
  strictEqual(nearestName("x".repeat(65), known), undefined);
});

Deno.test("nearestName() takes the first of two that are as near", () => {
  strictEqual(
    nearestName("minprefix", ["minprefix4", "minprefix6"]),
    "minprefix4",
  );
  strictEqual(
    nearestName("minprefix", ["minprefix6", "minprefix4"]),
    "minprefix6",
  );
});

Deno.test("nearestName() never gives a name that has nothing of the word", () => {
  strictEqual(nearestName("on", ["if", "no"]), undefined);
  strictEqual(nearestName("ab", ["cd"]), undefined);
});

Deno.test("nearestName() finds a name again after any one slip of the finger", () => {
  const slip = fc.record({
    name: fc.constantFrom(...KEYS),
    at: fc.nat({ max: 12 }),
    typed: fc.constantFrom("", "x", "_", "7"),
    replaced: fc.nat({ max: 1 }),
  });
  fc.assert(fc.property(slip, ({ name, at, typed, replaced }) => {
    const word = name.slice(0, at) + typed + name.slice(at + replaced);
    strictEqual(nearestName(word, KEYS), name);
  }));
});

Deno.test("nearestName() gives a known name or none for any word", () => {
  fc.assert(fc.property(fc.string(), fc.array(fc.string()), (word, known) => {
    const name = nearestName(word, known);
    ok(name === undefined || known.includes(name));
  }));
});
