import { deepStrictEqual, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { BanMap } from "../../lib/ban/ban_map.ts";
import { keyOf } from "../../lib/ban/ban.ts";
import { address, jail } from "../support/values/core_values.ts";

const KEYS = ["sshd", "nginx", "postfix"].flatMap((name) =>
  ["192.0.2.1", "192.0.2.2", "2001:db8::1"].map((text) => ({
    jail: jail(name),
    address: address(text),
  }))
);
const KEY = fc.constantFrom(...KEYS);
const STEP = fc.oneof(
  fc.record({ does: fc.constant("set"), key: KEY, value: fc.nat() }),
  fc.record({ does: fc.constantFrom("delete", "get"), key: KEY }),
);

Deno.test("BanMap has what a map of joined keys has, whatever is put in, asked for and taken out", () => {
  fc.assert(fc.property(fc.array(STEP, { maxLength: 60 }), (steps) => {
    const [map, model] = [new BanMap<number>(), new Map<string, number>()];
    for (const { does, key, ...rest } of steps) {
      const name = keyOf(key);
      if ("value" in rest) {
        map.set(key, rest.value);
        model.set(name, rest.value);
      } else if (does === "delete") {
        strictEqual(map.delete(key), model.delete(name));
      }
      strictEqual(map.get(key), model.get(name));
      strictEqual(map.has(key), model.has(name));
      strictEqual(map.size, model.size);
      deepStrictEqual([...map.values()].sort(), [...model.values()].sort());
    }
  }));
});
