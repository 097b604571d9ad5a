import { deepStrictEqual } from "node:assert/strict";
import { mergedEffects } from "../../lib/subscriber/merged_effects.ts";
import type { ReplicaEffect } from "../../lib/subscriber/replica.ts";
import { reported } from "../support/values/bans.ts";

function changed(...seqs: number[]): ReplicaEffect {
  const changes = seqs.map((seq) => reported(seq));
  const steps = seqs.map(() => ({ before: undefined, after: undefined }));
  return { kind: "changed", changes, steps };
}

const ASK: ReplicaEffect = {
  kind: "ask",
  question: { epoch: null, since: 0, part: 0 },
};

Deno.test("mergedEffects() makes one of changes that follow each other, and keeps the order", () => {
  const merged = mergedEffects([
    changed(1),
    changed(2, 3),
    ASK,
    changed(4),
    ASK,
    changed(5),
    changed(6),
  ]);
  deepStrictEqual(
    merged.map((effect) =>
      effect.kind === "changed"
        ? `${effect.changes.map(({ seq }) => seq)}/${effect.steps.length}`
        : effect.kind
    ),
    ["1,2,3/3", "ask", "4/1", "ask", "5,6/2"],
  );
  deepStrictEqual(mergedEffects([]), []);
});
