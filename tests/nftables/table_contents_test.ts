import { strictEqual } from "node:assert/strict";
import {
  type ContentsEvent,
  type ContentsState,
  TableContents,
} from "../../lib/nftables/table_contents.ts";
import { address } from "../support/values/core_values.ts";

const [ONE, OTHER] = [address("192.0.2.1"), address("192.0.2.2")];

/** Events that lead from a new table to each state. */
const WAYS: Readonly<Record<ContentsState, readonly ContentsEvent[]>> = {
  "unknown": [],
  "listing": ["list begins"],
  "empty": ["list begins", "found empty"],
  "refilling": ["list begins", "found empty", "added"],
  "refilled": ["list begins", "found empty", "added", "look"],
};

/** States after each event, in the order of {@link EVENTS}. */
const AFTER: Readonly<Record<ContentsState, string>> = {
  "unknown": "listing|unknown|unknown|unknown|unknown|unknown|unknown",
  "listing": "listing|unknown|empty|unknown|listing|listing|listing",
  "empty": "empty|empty|empty|unknown|refilling|empty|unknown",
  "refilling":
    "refilling|refilling|refilling|refilling|refilling|refilled|unknown",
  "refilled": "refilled|refilled|refilled|refilled|refilling|unknown|unknown",
};
const EVENTS: readonly ContentsEvent[] = [
  "list begins",
  "list fails",
  "found empty",
  "found bans",
  "added",
  "look",
  "disturbed",
];

function contentsAfter(events: readonly ContentsEvent[]): TableContents {
  const contents = new TableContents();
  for (const event of events) contents.note(event);
  return contents;
}

for (const [state, way] of Object.entries(WAYS)) {
  Deno.test(`TableContents goes from ${state} to the right state at each event`, () => {
    strictEqual(contentsAfter(way).state, state);
    const after = EVENTS.map((event) => contentsAfter([...way, event]).state);
    strictEqual(after.join("|"), AFTER[state as ContentsState]);
  });
}

Deno.test("TableContents knows of a table that is refilled only what was added since its list began", () => {
  const contents = new TableContents();
  strictEqual(contents.mayHold(ONE), true, "nobody has looked yet");
  contents.note("added", [ONE]);
  contents.note("list begins");
  contents.note("added", [OTHER]);
  strictEqual(contents.mayHold(ONE), true, "it is being listed");
  contents.note("found empty");
  strictEqual(contents.mayHold(ONE), false);
  strictEqual(contents.mayHold(OTHER), true);
  contents.note("added", [ONE]);
  strictEqual(contents.mayHold(ONE), true);
  contents.note("look");
  strictEqual(contents.mayHold(address("192.0.2.3")), false);
  contents.note("disturbed");
  strictEqual(contents.mayHold(address("192.0.2.3")), true);
});

Deno.test("TableContents knows also during a list, and after it, what it did not add to an empty table", () => {
  const contents = contentsAfter(["list begins", "found empty"]);
  contents.note("added", [ONE]);
  for (const event of ["list begins", "found bans"] as const) {
    contents.note(event);
    strictEqual(contents.mayHold(ONE), true);
    strictEqual(contents.mayHold(OTHER), false, event);
  }
});

Deno.test("TableContents forgets what it knew at a disturbance, and learns it from the next list", () => {
  const contents = contentsAfter(["list begins", "found empty"]);
  contents.note("added", [ONE]);
  contents.note("disturbed");
  strictEqual(contents.mayHold(OTHER), true);
  contents.note("list begins");
  contents.note("found empty");
  strictEqual(contents.mayHold(ONE), false);
});

Deno.test("TableContents knows nothing once more was added than it remembers", () => {
  const contents = new TableContents(1);
  for (const event of ["list begins", "found empty"] as const) {
    contents.note(event);
  }
  contents.note("added", [ONE]);
  strictEqual(contents.mayHold(OTHER), false);
  contents.note("added", [address("192.0.2.3")]);
  strictEqual(contents.mayHold(OTHER), true);
  strictEqual(contents.state, "unknown");
});
