import { strictEqual } from "node:assert/strict";
import {
  rateKind,
  socketPathKind,
  type ValueKind,
} from "../../lib/config/value_kinds.ts";

const NONE = undefined;

interface KindCases {
  readonly kind: ValueKind<unknown>;
  readonly cases: readonly (readonly [text: string, value: unknown])[];
}

const KINDS: Readonly<Record<string, KindCases>> = {
  rateKind: {
    kind: rateKind,
    cases: [
      ["none", Infinity],
      ["1", 1],
      ["1000000", 1_000_000],
      ["0", NONE],
      ["1000001", NONE],
      ["1.5", NONE],
    ],
  },
  socketPathKind: {
    kind: socketPathKind,
    cases: [
      ["/run/f2b.sock", "/run/f2b.sock"],
      [`/${"x".repeat(106)}`, `/${"x".repeat(106)}`],
      [`/${"x".repeat(107)}`, NONE],
      [`/${"\u00e4".repeat(54)}`, NONE],
      ["run/f2b.sock", NONE],
      ["none", NONE],
    ],
  },
};

for (const [name, { kind, cases }] of Object.entries(KINDS)) {
  for (const [text, value] of cases) {
    Deno.test(`${name} reads ${JSON.stringify(text.slice(0, 20))} as ${value}`, () => {
      strictEqual(kind.read(text), value);
    });
  }
}
