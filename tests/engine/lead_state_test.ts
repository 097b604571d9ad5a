import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import {
  isSure,
  LEAD_PACE,
  type LeadEvent,
  type LeadState,
  leadStep,
  STANDBY,
} from "../../lib/engine/lead_state.ts";

const VERSIONS = { head: 5, lead: 3, beat: 7 };
const HELD = { term: 2, holder: "hub1" };
const { graceMs, spreadMs, silentMs, doubtMs } = LEAD_PACE;

function looked(
  versions: Partial<typeof VERSIONS> = {},
  others: {
    holder?: string | undefined;
    chance?: number;
    next?: string;
  } = {},
): LeadEvent {
  const { chance = 0, next } = others;
  const held = "holder" in others ? { ...HELD, holder: others.holder } : HELD;
  const lead = next === undefined ? held : { ...held, next };
  return {
    kind: "looked",
    view: { versions: { ...VERSIONS, ...versions }, lead },
    chance,
    name: "hub1",
  };
}

/** The state and the last effect after events, each at its time. */
function after(
  state: LeadState,
  ...events: readonly (readonly [atMs: number, event: LeadEvent])[]
) {
  let step = { state } as ReturnType<typeof leadStep>;
  for (const [atMs, event] of events) {
    step = leadStep(step.state, event, atMs, LEAD_PACE);
  }
  return step;
}

const ACTIVE: LeadState = { role: "active", term: 3, heardMs: 1_000 };
const TAKING: LeadState = { role: "taking" };

Deno.test("a standby takes over once nothing has moved for the whole grace, against what it saw", () => {
  const before = after(STANDBY, [0, looked()], [graceMs - 1, looked()]);
  strictEqual(before.effect, undefined);
  const { state, effect } = after(before.state, [graceMs, looked()]);
  deepStrictEqual(state, TAKING);
  deepStrictEqual(effect, {
    kind: "take",
    seen: VERSIONS,
    term: 3,
  });
});

for (const part of ["head", "lead", "beat"] as const) {
  Deno.test(`a standby waits anew when the ${part} has moved`, () => {
    const moved = looked({ [part]: 9 });
    const { state, effect } = after(
      STANDBY,
      [0, looked()],
      [graceMs - 1, moved],
      [2 * graceMs - 2, moved],
    );
    strictEqual(effect, undefined);
    strictEqual(
      after(state, [2 * graceMs - 1, moved]).effect?.kind,
      "take",
    );
  });
}

Deno.test("a standby waits anew after a look that failed: who can't read does not know", () => {
  const { state, effect } = after(
    STANDBY,
    [0, looked()],
    [graceMs - 1, { kind: "unanswered" }],
    [graceMs, looked()],
    [2 * graceMs - 1, looked()],
  );
  strictEqual(effect, undefined);
  strictEqual(after(state, [2 * graceMs, looked()]).effect?.kind, "take");
});

Deno.test("chance has a standby wait longer, as it was when the silence began", () => {
  const first = looked({}, { chance: 1 });
  const { state, effect } = after(STANDBY, [0, first], [graceMs, looked()]);
  strictEqual(effect, undefined);
  const late = graceMs + spreadMs;
  strictEqual(after(state, [late, looked()]).effect?.kind, "take");
});

Deno.test("a standby takes over at once where nobody is active", () => {
  const { effect } = after(STANDBY, [0, looked({}, { holder: undefined })]);
  strictEqual(effect?.kind, "take");
});

Deno.test("whoever is refused, or not answered, is a standby that waits anew", () => {
  for (const kind of ["refused", "unanswered"] as const) {
    const step = after(TAKING, [0, { kind }]);
    deepStrictEqual(step, { state: STANDBY });
  }
  deepStrictEqual(after(TAKING, [0, { kind: "lost", reason: "x" }]), {
    state: STANDBY,
  });
  deepStrictEqual(after(TAKING, [0, looked()]), { state: TAKING });
});

Deno.test("whoever has the lead serves", () => {
  deepStrictEqual(after(TAKING, [7, { kind: "taken", term: 3 }]), {
    state: { role: "active", term: 3, heardMs: 7 },
  });
});

Deno.test("the active one steps down when the log is silent for too long, counted from what it asked, not from the answer", () => {
  const unanswered: LeadEvent = { kind: "unanswered" };
  const end = 1_000 + silentMs;
  deepStrictEqual(after(ACTIVE, [end - 1, unanswered]), { state: ACTIVE });
  deepStrictEqual(after(ACTIVE, [end, unanswered]), {
    state: STANDBY,
    effect: { kind: "stepDown", reason: "the shared log does not answer" },
  });
  const heard: LeadEvent = { kind: "heard", askedMs: 1_200 };
  const { state } = after(ACTIVE, [1_900, heard]);
  deepStrictEqual(state, { ...ACTIVE, heardMs: 1_200 });
  // An answer that overtook another one takes nothing back.
  deepStrictEqual(after(state, [1_901, { ...heard, askedMs: 1_100 }]).state, {
    ...ACTIVE,
    heardMs: 1_200,
  });
});

Deno.test("the active one steps down at once when it is overruled or can't go on", () => {
  const refused = after(ACTIVE, [1_001, { kind: "refused" }]);
  deepStrictEqual(refused.state, STANDBY);
  strictEqual(refused.effect?.kind, "stepDown");
  deepStrictEqual(after(ACTIVE, [1_001, { kind: "lost", reason: "disk" }]), {
    state: STANDBY,
    effect: { kind: "stepDown", reason: "disk" },
  });
});

Deno.test("only an active one that heard the log lately lets nodes in", () => {
  ok(isSure(ACTIVE, 1_000 + doubtMs - 1, LEAD_PACE));
  ok(!isSure(ACTIVE, 1_000 + doubtMs, LEAD_PACE));
  ok(!isSure(STANDBY, 0, LEAD_PACE));
  ok(!isSure(TAKING, 0, LEAD_PACE));
});

Deno.test("where the next one is named it takes over at once, and the others only where it does not", () => {
  const free = { holder: undefined };
  const meant = after(STANDBY, [0, looked({}, { ...free, next: "hub1" })]);
  strictEqual(meant.effect?.kind, "take");
  const event = looked({}, { ...free, next: "hub2" });
  const before = after(STANDBY, [0, event], [graceMs - 1, event]);
  strictEqual(before.effect, undefined);
  strictEqual(after(before.state, [graceMs, event]).effect?.kind, "take");
});
