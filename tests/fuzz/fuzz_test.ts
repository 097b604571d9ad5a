import {
  deepStrictEqual,
  notDeepStrictEqual,
  ok,
  strictEqual,
} from "node:assert/strict";
import { parseAddress } from "../../lib/base/address.ts";
import { parseHostName } from "../../lib/base/host_name.ts";
import { parseJailName } from "../../lib/base/jail_name.ts";
import { type FuzzReport, inputOf, runFuzz } from "../support/fuzz/fuzz_run.ts";
import { FUZZ_TARGETS, fuzzTarget } from "../support/fuzz/fuzz_targets.ts";
import { describeInput, describeRun } from "../support/fuzz/fuzz_text.ts";
import { ODD_TEXTS } from "../support/fuzz/mutations.ts";
import { isAddress, isHost, isJail } from "../support/fuzz/value_oracle.ts";

const SEED = 20_261_125;
const INPUTS = 5_000;
const nowMs = () => performance.now();

for (const [name, make] of FUZZ_TARGETS) {
  Deno.test(`${INPUTS} inputs for ${name} find nothing, and a part of them is accepted`, () => {
    const report = runFuzz(make(), { seed: SEED, inputs: INPUTS, nowMs });
    strictEqual(report.finding, undefined, describeRun(report, SEED).join());
    strictEqual(report.accepted + report.rejected, INPUTS);
    ok(report.accepted > INPUTS / 50, `${report.accepted} accepted`);
    ok(report.rejected > INPUTS / 50, `${report.rejected} rejected`);
  });
}

/** Fuzzes a decoder with a bug in it. */
function findPlanted(name: string, maxInputRatio = 100): FuzzReport {
  const plan = { seed: SEED, inputs: INPUTS, maxInputRatio, nowMs };
  return runFuzz(fuzzTarget(name), plan);
}

Deno.test("fuzzing finds a decoder that accepts a number in another spelling, and shows the shortest", () => {
  const { finding } = findPlanted("planted_lax");
  strictEqual(finding?.message, "Violation: encoding gives the same bytes");
  // Nothing is left to leave out: a space is read as a number, too.
  const short = finding && describeInput(finding.short);
  ok(/^H "\{\\"seq\\":[^}]{1,4}\}"$/.test(short ?? ""), short);
});

Deno.test("fuzzing finds a decoder that throws, and shows the shortest input that makes it", () => {
  const { finding } = findPlanted("planted_throwing");
  ok(finding?.message.startsWith("TypeError: "), finding?.message);
  strictEqual(finding && describeInput(finding.short), 'H "null"');
});

Deno.test("fuzzing finds a decoder that takes too long over one input", () => {
  const { finding } = findPlanted("planted_slow", 4);
  ok(
    finding?.message.endsWith(" times the reference, more than 4"),
    finding?.message,
  );
});

Deno.test("a finding names the command that has it again", () => {
  const report = findPlanted("planted_throwing");
  const number = report.finding?.number ?? -1;
  deepStrictEqual(
    inputOf(fuzzTarget("planted_throwing"), SEED, number),
    report.finding?.input,
  );
  strictEqual(
    describeRun(report, SEED).at(-1),
    `  again: deno task fuzz --target planted_throwing --seed ${SEED} --input ${number}`,
  );
});

Deno.test("the same seed makes the same inputs, and another makes others", () => {
  for (const make of FUZZ_TARGETS.values()) {
    const target = make();
    const inputs = (seed: number) =>
      Array.from({ length: 20 }, (_, at) => inputOf(target, seed, at));
    const first = inputs(1);
    deepStrictEqual(inputs(1), first);
    notDeepStrictEqual(inputs(2), first);
  }
});

Deno.test("a run ends when its time is over", () => {
  let clockMs = 0;
  const { inputs, finding } = runFuzz(fuzzTarget("wire_v1"), {
    seed: SEED,
    inputs: INPUTS,
    maxMs: 300,
    nowMs: () => clockMs++,
  });
  strictEqual(finding, undefined);
  strictEqual(inputs, 256);
});

Deno.test("what the fuzzer holds for an address, a jail or a host is what the core does", () => {
  for (const left of ODD_TEXTS) {
    for (const right of ["", "/24", "/0", "/032", ".1", ":0", "::", "a"]) {
      const text = left + right;
      strictEqual(isAddress(text), parseAddress(text) !== undefined, text);
      strictEqual(isJail(text), parseJailName(text) !== undefined, text);
      strictEqual(isHost(text), parseHostName(text) !== undefined, text);
    }
  }
});
