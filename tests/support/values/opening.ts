import { CURVE_OPENING } from "../../../lib/front/curve_opening.ts";

/**
 * A peer's data until libzmq asks about it: a greeting, and a HELLO of zeros.
 */
export function opening(): Uint8Array<ArrayBuffer> {
  const hello = new Uint8Array(202);
  hello.set([0x04, 200, 5, ...new TextEncoder().encode("HELLO")]);
  return new Uint8Array([...CURVE_OPENING.greeting, ...hello]);
}
