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
const { graceMs, spreadMs, silentMs, doubtMs, lookMs } = LEAD_PACE;

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

/** Looks from one moment until just before another, and then one there. */
function looking(
  event: LeadEvent,
  fromMs: number,
  toMs: number,
  everyMs = lookMs,
): (readonly [number, LeadEvent])[] {
  const count = Math.ceil((toMs - fromMs) / everyMs);
  const before = Array.from(
    { length: count },
    (_, at) => [fromMs + at * everyMs, event] as const,
  );
  return [...before, [toMs, event]];
}

const ACTIVE: LeadState = {
  ...{ role: "active", term: 3, heardMs: 1_000, slowestMs: 0 },
};
const TAKING: LeadState = { role: "taking" };

Deno.test("a standby takes over once nothing has moved for the whole grace, against what it saw", () => {
  const before = after(STANDBY, ...looking(looked(), 0, graceMs - 1));
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
      ...looking(moved, graceMs - 1, 2 * graceMs - 2),
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
    ...looking(looked(), graceMs, 2 * graceMs - 1),
  );
  strictEqual(effect, undefined);
  strictEqual(after(state, [2 * graceMs, looked()]).effect?.kind, "take");
});

Deno.test("chance has a standby wait longer, as it was when the silence began", () => {
  const first = looked({}, { chance: 1 });
  const { state, effect } = after(
    STANDBY,
    [0, first],
    ...looking(looked(), lookMs, graceMs),
  );
  strictEqual(effect, undefined);
  const late = graceMs + spreadMs;
  strictEqual(after(state, [late, looked()]).effect?.kind, "take");
});

Deno.test("a standby that can look only now and then has not seen a silence: it looks as often as usual before it takes over", () => {
  const [slow, times] = [1_000, Math.floor(graceMs / lookMs)];
  const end = times * slow;
  const before = after(STANDBY, ...looking(looked(), 0, end - slow, slow));
  strictEqual(before.effect, undefined);
  strictEqual(after(before.state, [end, looked()]).effect?.kind, "take");
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
    state: { role: "active", term: 3, heardMs: 7, slowestMs: 0 },
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
  deepStrictEqual(state, { ...ACTIVE, heardMs: 1_200, slowestMs: 700 });
  // An answer that overtook another one takes nothing back.
  deepStrictEqual(after(state, [1_901, { ...heard, askedMs: 1_100 }]).state, {
    ...ACTIVE,
    ...{ heardMs: 1_200, slowestMs: 801 },
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

Deno.test("where the log answers slowly the active one waits, and lets nodes in, for the longer; where it is fast again no longer", () => {
  const slow: LeadEvent = { kind: "heard", askedMs: 2_000 };
  const { state } = after(ACTIVE, [4_000, slow]);
  ok(isSure(state, 2_000 + 4 * doubtMs, LEAD_PACE));
  const patient = after(state, [2_000 + 2 * silentMs, { kind: "unanswered" }]);
  strictEqual(patient.effect, undefined);
  const late = 2_000 + 5 * silentMs;
  strictEqual(
    after(state, [late, { kind: "unanswered" }]).effect?.kind,
    "stepDown",
  );
  const fast = Array.from({ length: 200 }, (_, at) => {
    const askedMs = 4_000 + 400 * at;
    return [askedMs + 5, { kind: "heard", askedMs } as LeadEvent] as const;
  });
  const { state: now } = after(state, ...fast);
  ok(!isSure(now, 4_000 + 199 * 400 + doubtMs, LEAD_PACE));
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
  const before = after(STANDBY, ...looking(event, 0, graceMs - 1));
  strictEqual(before.effect, undefined);
  strictEqual(after(before.state, [graceMs, event]).effect?.kind, "take");
});
