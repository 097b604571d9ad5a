import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import type { Epoch, PlaceId, SessionId } from "../../lib/base/ids.ts";
import {
  cut,
  greeting,
  hasTwin,
  heard,
  lagOf,
  left,
  type Presence,
  presenceState,
  told,
  TWIN_MS,
  UNKNOWN,
  welcomed,
} from "../../lib/presence/presence.ts";
import type { NodeCondition } from "../../lib/wire/v2_messages.ts";
import { IDLE_SUBSCRIBER } from "../support/values/core_values.ts";

const ASK_ANSWER_MS = 3_000;
const RULE = {
  sinceMs: 0,
  silentAfterMs: 90_000,
  askAnswerMs: ASK_ANSWER_MS,
};
const HERE = { version: "0.1.0", place: "1".repeat(32) as PlaceId };
const THERE = { version: "0.1.0", place: "2".repeat(32) as PlaceId };
const FIRST = "a".repeat(32) as SessionId;
const SECOND = "b".repeat(32) as SessionId;

/** Of a program that said HELLO at a time. */
function present(atMs: number): Presence {
  return welcomed(UNKNOWN, HERE, FIRST, atMs);
}

/** What the publisher still knows after its restart. */
function remembered(seenMs: number, isAway = false): Presence {
  return { ...UNKNOWN, seenMs, version: "0.1.0", isAway };
}

Deno.test("presenceState() is never, until a program says HELLO", () => {
  strictEqual(presenceState(UNKNOWN, RULE, 1e9), "never");
  strictEqual(presenceState(present(0), RULE, 0), "ok");
});

Deno.test("presenceState() is silent 90 s after the last sign of life, and ok with the next", () => {
  const first = present(1_000);
  strictEqual(presenceState(first, RULE, 90_999), "ok");
  strictEqual(presenceState(first, RULE, 91_000), "silent");
  const again = heard(first, 200_000);
  strictEqual(presenceState(again, RULE, 289_999), "ok");
  strictEqual(presenceState(again, RULE, 290_000), "silent");
});

Deno.test("presenceState() is away at once after BYE, for ever, and ok after another HELLO", () => {
  const gone = left(present(0), FIRST, 5_000);
  for (const nowMs of [5_000, 500_000]) {
    strictEqual(presenceState(gone, RULE, nowMs), "away");
  }
  const back = welcomed(gone, HERE, SECOND, 600_000);
  strictEqual(presenceState(back, RULE, 600_000), "ok");
});

Deno.test("presenceState() of a program that was there before the publisher's restart is ok until it had time to be heard", () => {
  const rule = { sinceMs: 1_000_000, silentAfterMs: 90_000 };
  const before = remembered(400_000);
  strictEqual(presenceState(before, rule, 1_000_000), "ok");
  strictEqual(presenceState(before, rule, 1_090_000), "silent");
  strictEqual(presenceState(remembered(400_000, true), rule, 1e9), "away");
  strictEqual(presenceState(UNKNOWN, rule, 1_000_000), "never");
});

Deno.test("left() takes no BYE of a session before the one that is there", () => {
  const restarted = welcomed(present(0), HERE, SECOND, 1_000);
  deepStrictEqual(left(restarted, FIRST, 2_000), restarted);
  strictEqual(
    presenceState(left(restarted, SECOND, 2_000), RULE, 2_000),
    "away",
  );
});

Deno.test("greeting() admits a program that was started anew on its host, however lately the one before was heard", () => {
  deepStrictEqual(greeting(present(1_000), HERE, RULE, 1_001), {
    kind: "admitted",
    ousts: false,
  });
});

Deno.test("greeting() refuses another host while the first is there, and has that asked", () => {
  const first = present(0);
  const verdict = greeting(first, THERE, RULE, 10_000);
  ok(verdict.kind === "twin");
  strictEqual(verdict.ask, FIRST);
  strictEqual(verdict.isNews, true);
  ok(hasTwin(verdict.presence, 10_000));
  // It does not count as a sign of the first one's life.
  strictEqual(presenceState(verdict.presence, RULE, 90_000), "silent");
});

Deno.test("greeting() asks once for each answer, and tells of a second host once in a while", () => {
  const asked = greeting(present(0), THERE, RULE, 10_000);
  ok(asked.kind === "twin");
  const early = greeting(asked.presence, THERE, RULE, 10_001);
  ok(early.kind === "twin");
  deepStrictEqual([early.ask, early.isNews], [undefined, false]);
  const answered = heard(early.presence, 10_002);
  const next = greeting(answered, THERE, RULE, 15_000);
  ok(next.kind === "twin");
  deepStrictEqual([next.ask, next.isNews], [FIRST, false]);
  const later = heard(next.presence, 15_000 + TWIN_MS);
  const much = greeting(later, THERE, RULE, 15_001 + TWIN_MS);
  ok(much.kind === "twin");
  strictEqual(much.isNews, true);
});

Deno.test("greeting() admits another host when the first does not answer, and ends what that had", () => {
  const asked = greeting(present(0), THERE, RULE, 10_000);
  ok(asked.kind === "twin");
  const { presence } = asked;
  strictEqual(
    greeting(presence, THERE, RULE, 9_999 + ASK_ANSWER_MS).kind,
    "twin",
  );
  deepStrictEqual(greeting(presence, THERE, RULE, 10_000 + ASK_ANSWER_MS), {
    kind: "admitted",
    ousts: true,
  });
});

Deno.test("greeting() admits another host once the first was silent, said BYE, or lost its session", () => {
  const admitted = (presence: Presence, nowMs: number) => {
    const verdict = greeting(presence, THERE, RULE, nowMs);
    return verdict.kind === "admitted" && { ousts: verdict.ousts };
  };
  deepStrictEqual(admitted(present(0), 90_000), { ousts: true });
  deepStrictEqual(admitted(left(present(0), FIRST, 1), 2), { ousts: false });
  deepStrictEqual(admitted(cut(present(0)), 1), { ousts: false });
  deepStrictEqual(admitted(remembered(0), 1), { ousts: false });
  deepStrictEqual(admitted(UNKNOWN, 1), { ousts: false });
});

Deno.test("greeting() can't tell programs apart that don't say where they are", () => {
  const unsaid = { version: "0.1.0" };
  strictEqual(greeting(present(0), unsaid, RULE, 1).kind, "admitted");
  const before = welcomed(UNKNOWN, unsaid, FIRST, 0);
  strictEqual(greeting(before, THERE, RULE, 1).kind, "admitted");
});

Deno.test("lagOf() is as of when it was told while the program is there, and grows when it is not", () => {
  const condition: NodeCondition = {
    ...IDLE_SUBSCRIBER,
    epoch: "e".repeat(32) as Epoch,
    seq: 90,
    isFollowing: true,
  };
  const presence = told(present(0), condition, 100, 1_000);
  strictEqual(lagOf(presence, "ok", 411), 10);
  strictEqual(lagOf(presence, "silent", 411), 321);
  strictEqual(lagOf(presence, "away", 411), 321);
  const none = told(present(0), IDLE_SUBSCRIBER, 100, 1_000);
  strictEqual(lagOf(none, "ok", 411), 100);
  strictEqual(lagOf(present(0), "ok", 411), undefined);
  // What it told in a session before may be of another copy.
  const again = welcomed(presence, HERE, SECOND, 2_000);
  strictEqual(lagOf(again, "ok", 411), undefined);
});
