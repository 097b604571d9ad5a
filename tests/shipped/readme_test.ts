import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { PLAIN_PLACE } from "../../lib/views/operator_output.ts";
import { TailTable } from "../../lib/views/tail_view.ts";
import { whyLines } from "../../lib/views/why_view.ts";
import type { WhyAnswer } from "../../lib/wire/operator_why.ts";
import { host } from "../support/values/core_values.ts";
import { LIVE_EVENTS } from "../support/values/live_events.ts";
import { BANNED, NOW_MS } from "../support/values/why_answers.ts";

const text = await Deno.readTextFile(
  new URL("../../README.md", import.meta.url),
);
const lines = text.trimEnd().split("\n");

/** What `why` is asked in the README: one node reported, and all of 11 enforce. */
function enforcedEverywhere(): WhyAnswer {
  const [banned] = BANNED.bans;
  ok(banned !== undefined);
  const { ban, changes, enforcement } = banned;
  const applied = enforcement.filter(({ state }) => state === "applied");
  const [last] = applied.slice(-1);
  ok(last !== undefined);
  return {
    ...BANNED,
    bans: [{
      ...banned,
      ban: { ...ban, reports: ban.reports.slice(0, 1) },
      changes: changes.slice(0, 1),
      enforcement: [...applied, { ...last, node: host("n11") }],
    }],
  };
}

Deno.test("the README has 150 lines at most, and its first command by line 25", () => {
  ok(lines.length <= 150, `${lines.length} lines`);
  const first = lines.findIndex((line) => line.startsWith("```"));
  ok(first !== -1 && first < 25, `line ${first + 1}`);
});

Deno.test("what the README shows of tail and why is what they say", () => {
  const [, scene = ""] = /^```\n(web1# [\s\S]*?)^```$/m.exec(text) ?? [];
  const shown = scene.split("\n").filter((line) =>
    line !== "" && !/^\w+# /.test(line)
  );
  deepStrictEqual(shown, [
    ...new TailTable(PLAIN_PLACE).lines(LIVE_EVENTS.slice(0, 1)),
    ...whyLines(enforcedEverywhere(), NOW_MS),
  ]);
});

Deno.test("the README's pictures are there for both kinds of page, and described", () => {
  match(
    text,
    /<source media="\(prefers-color-scheme: dark\)" srcset="docs\/pictures\/cluster-dark\.svg">/,
  );
  const [, alt = ""] =
    /<img src="docs\/pictures\/cluster-light\.svg"[^>]* alt="([^"]+)"/.exec(
      text,
    ) ?? [];
  for (const word of ["5681", "5682", "publisher", "subscribers"]) {
    ok(alt.includes(word), alt);
  }
});

Deno.test("the README names the command that tests everything", () => {
  strictEqual(text.match(/^npx -y deno@\S+ task ok$/gm)?.length, 1);
});
