import { notStrictEqual, ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { checksum } from "../../lib/base/checksum.ts";

const anyValue = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.double({ noNaN: true }),
  fc.constant(null),
);

Deno.test("checksum() is a whole number of 32 bits, the same for the same values", () =>
  fc.assert(fc.property(fc.array(anyValue), (values) => {
    const sum = checksum(...values);
    ok(Number.isInteger(sum) && sum >= 0 && sum < 2 ** 32);
    strictEqual(checksum(...values), sum);
  })));

Deno.test("checksum() tells any text from the one with one bit flipped", () =>
  fc.assert(
    fc.property(
      fc.string({ minLength: 1 }),
      fc.nat(),
      fc.nat(15),
      (text, place, bit) => {
        const at = place % text.length;
        const code = text.charCodeAt(at) ^ 1 << bit;
        const other = text.slice(0, at) + String.fromCharCode(code) +
          text.slice(at + 1);
        notStrictEqual(checksum("sshd", text, 7), checksum("sshd", other, 7));
      },
    ),
  ));

Deno.test("checksum() tells numbers that differ in one bit apart", () =>
  fc.assert(
    fc.property(fc.double({ noNaN: true }), fc.nat(63), (value, bit) => {
      const view = new DataView(new ArrayBuffer(8));
      view.setFloat64(0, value);
      view.setBigUint64(0, view.getBigUint64(0) ^ 1n << BigInt(bit));
      const other = view.getFloat64(0);
      fc.pre(!Number.isNaN(other) && other !== value);
      notStrictEqual(checksum(value, "x"), checksum(other, "x"));
    }),
  ));

Deno.test("checksum() tells values apart that are the same text when joined", () => {
  const sums = [["12", ""], ["1", "2"], ["", "12"], [12, ""], [null, "12"]]
    .map((values) => checksum(...values));
  strictEqual(new Set(sums).size, 4, "null and the empty text are no names");
  strictEqual(checksum(0), checksum(-0), "a database keeps no sign of zero");
});
