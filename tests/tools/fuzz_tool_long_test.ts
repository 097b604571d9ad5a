import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { main } from "../../tools/fuzz.ts";
import { FUZZ_TARGETS } from "../support/fuzz/fuzz_targets.ts";

/** Runs the program; gives its exit code and what it printed. */
async function fuzz(
  ...args: readonly string[]
): Promise<{ code: number; lines: readonly string[] }> {
  const lines: string[] = [];
  const code = await main(args, (line) => lines.push(line), 1_000);
  return { code, lines };
}

Deno.test("fuzz prints the seed, and for each target what came of it", async () => {
  const { code, lines } = await fuzz("--seed", "7", "--inputs", "300");
  strictEqual(code, 0, lines.join("\n"));
  strictEqual(lines[0], "seed 7");
  for (const name of FUZZ_TARGETS.keys()) {
    const line = lines.find((line) => line.startsWith(`${name} `)) ?? "";
    ok(
      /300 inputs, \d+ accepted, \d+ rejected, [\d.]+ s, slowest [\d.]+ ms \(\d+\)$/
        .test(line),
      lines.join("\n"),
    );
  }
});

Deno.test("fuzz has an input again by its number", async () => {
  const args = ["--target", "planted_throwing", "--seed", "1"];
  const { code, lines } = await fuzz(...args);
  strictEqual(code, 1);
  const number = /--input (\d+)$/.exec(lines.at(-1) ?? "")?.[1] ?? "";
  const again = await fuzz(...args, "--input", number);
  strictEqual(again.code, 1);
  deepStrictEqual(again.lines.slice(2), lines.slice(2));
});

Deno.test("fuzz finds a decoder that never comes back, and shows what from", async () => {
  const { code, lines } = await fuzz("--target", "planted_endless");
  strictEqual(code, 1);
  ok(
    /^planted_endless: FOUND with input \d+: it never ends$/.test(
      lines[1] ?? "",
    ),
    lines.join("\n"),
  );
  ok(lines[2]?.includes("["), lines.join("\n"));
});

Deno.test("fuzz says when the time was over before the inputs were", async () => {
  const { code, lines } = await fuzz("--target", "log", "--seconds", "0");
  strictEqual(code, 0);
  strictEqual(lines.at(-1), "log: 0 s were over");
});

Deno.test("fuzz refuses what it does not know", async () => {
  for (
    const args of [["--sed", "1"], ["--seed", "x"], ["--target", "y"], ["z"]]
  ) {
    const { code, lines } = await fuzz(...args);
    strictEqual(code, 2);
    ok(lines[0]?.startsWith("usage: "), lines.join("\n"));
  }
});
