import { strictEqual } from "node:assert/strict";
import { CURVE_OPENING } from "../../lib/front/curve_opening.ts";
import { opening } from "../support/values/opening.ts";

Deno.test("CURVE_OPENING takes a greeting of ZMTP 3 and a HELLO for the beginning of a handshake, and no part of it", () => {
  const whole = opening();
  for (let length = 0; length < whole.length; length++) {
    strictEqual(CURVE_OPENING.judge(whole.subarray(0, length)), "more");
  }
  strictEqual(CURVE_OPENING.judge(whole), "begun");
  const more = new Uint8Array([...whole, 1, 2, 3]);
  strictEqual(CURVE_OPENING.judge(more), "begun");
});

Deno.test("CURVE_OPENING knows at once what becomes no handshake", () => {
  for (
    const [what, place, byte] of [
      ["no signature", 0, 0x47],
      ["ZMTP 1", 9, 0],
      ["ZMTP 2", 10, 1],
      ["another command's flags", 64, 0x06],
      ["a message", 64, 0x00],
      ["another length", 65, 201],
    ] as const
  ) {
    const bytes = opening().subarray(0, place + 1);
    bytes[place] = byte;
    strictEqual(CURVE_OPENING.judge(bytes), "none", what);
  }
});
