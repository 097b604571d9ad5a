import { deepStrictEqual } from "node:assert/strict";
import { AllowlistCheck } from "../../lib/subscriber/allowlist_check.ts";

/** After which heartbeats the session is renewed, by what it was told. */
function renewals(
  heartbeats: readonly number[],
  toldAt: (beat: number) => number | undefined,
): number[] {
  const renewed: number[] = [];
  let beat = 0;
  const listener = new AllowlistCheck({
    get allowlist() {
      return toldAt(beat);
    },
    renew: () => renewed.push(beat),
  });
  for (const revision of heartbeats) {
    listener.receive(revision);
    beat++;
  }
  return renewed;
}

Deno.test("AllowlistCheck is content with the list that was told, also where it is told later than heard of", () => {
  deepStrictEqual(renewals([7, 7, 7], () => 7), []);
  deepStrictEqual(renewals([7, 8, 8, 8], (beat) => beat < 2 ? 7 : 8), []);
});

Deno.test("AllowlistCheck has it asked for once two heartbeats name another, again and again", () => {
  deepStrictEqual(renewals([7, 8, 8, 8, 8, 8], () => 7), [2, 4]);
  deepStrictEqual(renewals([8, 9, 8, 9], () => 7), []);
});

Deno.test("AllowlistCheck waits for the first welcome", () => {
  deepStrictEqual(renewals([7, 7, 7], () => undefined), []);
});
