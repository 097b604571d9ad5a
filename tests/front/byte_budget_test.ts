import { deepStrictEqual, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { ByteBudget, type ByteLimits } from "../../lib/front/byte_budget.ts";
import { SharedRates } from "../../lib/front/shared_rates.ts";

const CUTTING: ByteLimits = {
  handshakeBytes: 100,
  rate: { perSecond: 10, burst: 50 },
  aboveRate: "cut",
  totalBytes: 200,
};

function budgetOf(limits: ByteLimits): ByteBudget {
  return new ByteBudget(limits, new SharedRates(limits.rate), "192.0.2.1");
}

Deno.test("ByteBudget passes a handshake up to its bound, and cuts a byte more", () => {
  const budget = budgetOf(CUTTING);
  strictEqual(budget.take(60, 0).kind, "pass");
  strictEqual(budget.take(40, 0).kind, "pass");
  strictEqual(budget.handshakeBytes, 100);
  strictEqual(budget.take(1, 1_000_000).kind, "cut");
});

Deno.test("ByteBudget counts anew once the peer is let in: so much at once, a rate, and so much in all", () => {
  const budget = budgetOf(CUTTING);
  budget.take(100, 0);
  budget.letIn("web1");
  strictEqual(budget.take(50, 0).kind, "pass");
  strictEqual(budget.take(10, 1_000).kind, "pass");
  strictEqual(budget.take(1, 1_000).kind, "cut");
  const patient = budgetOf(CUTTING);
  patient.letIn("web1");
  for (let at = 0; at < 4; at++) {
    strictEqual(patient.take(50, at * 10_000).kind, "pass");
  }
  strictEqual(patient.take(1, 1_000_000).kind, "cut");
});

Deno.test("ByteBudget has a peer wait that may go on, as long as its rate says", () => {
  const budget = budgetOf({
    handshakeBytes: undefined,
    rate: { perSecond: 1_000, burst: 2_000 },
    aboveRate: "wait",
  });
  strictEqual(budget.take(2_000, 0).kind, "pass");
  deepStrictEqual(budget.take(500, 0), { kind: "wait", waitMs: 500 });
  strictEqual(budget.take(1_000, 2_000).kind, "pass");
});

Deno.test("ByteBudget counts what a member says together, over all its connections, and from then on apart from its address", () => {
  const limits: ByteLimits = {
    handshakeBytes: 100,
    rate: { perSecond: 1_000, burst: 2_000 },
    aboveRate: "wait",
  };
  const rates = new SharedRates(limits.rate);
  const budgets = Array.from({ length: 3 }, () => {
    const budget = new ByteBudget(limits, rates, "192.0.2.1");
    strictEqual(budget.take(100, 0).kind, "pass");
    return budget;
  });
  const [first, second, other] = budgets;
  first?.letIn("web1");
  second?.letIn("web1");
  other?.letIn("web2");
  strictEqual(first?.take(2_000, 0).kind, "pass");
  deepStrictEqual(second?.take(500, 0), { kind: "wait", waitMs: 500 });
  strictEqual(other?.take(2_000, 0).kind, "pass");
});

Deno.test("ByteBudget passes no more in any time than burst and rate give", () => {
  const step = fc.record({
    bytes: fc.nat({ max: 300 }),
    pauseMs: fc.nat({ max: 500 }),
  });
  fc.assert(fc.property(fc.array(step), (steps) => {
    const rate = { perSecond: 100, burst: 200 };
    const budget = budgetOf({
      ...{ handshakeBytes: undefined, rate, aboveRate: "wait" },
    });
    let [nowMs, passed] = [0, 0];
    for (const { bytes, pauseMs } of steps) {
      nowMs += pauseMs;
      const verdict = budget.take(bytes, nowMs);
      if (verdict.kind === "wait") nowMs += verdict.waitMs;
      passed += bytes;
      const most = rate.burst + nowMs * rate.perSecond / 1_000;
      // A bucket never gets fuller than its burst, so this is the most.
      if (passed > most + 0.01) return false;
    }
    return true;
  }));
});
