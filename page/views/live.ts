/**
 * Live events, like `fail2ban-cluster tail`.
 *
 * @module
 */

import { clockText, countedText } from "../../lib/views/plain_texts.ts";
import { ruleText } from "../../lib/views/why_view.ts";
import type { LiveEvent } from "../../lib/wire/operator_tail.ts";
import {
  addressLink,
  button,
  type Child,
  el,
  row,
  setText,
  table,
} from "../dom.ts";
import type { View } from "./view.ts";

const HEADINGS = ["Time", "What", "Address", "Jail", "Node", "More"];
const MAX_ROWS = 300;

const WORDS: Readonly<Record<LiveEvent["kind"], string>> = {
  ban: "banned",
  wait: "waits",
  report: "reported",
  end: "ended",
  refuse: "refused",
  lost: "left out",
};

/** The view; `kept` are events from before it was opened. */
export function liveView(kept: readonly LiveEvent[]): View {
  const { table: element, body } = table("What happens", HEADINGS);
  const empty = el(
    "p",
    { class: "empty" },
    "Nothing has happened since the page was opened.",
  );
  let isPaused = false;
  let missed = 0;
  const pause = button("Pause", () => {
    isPaused = !isPaused;
    if (!isPaused) missed = 0;
    tell();
  });
  const tell = () => {
    setText(
      pause,
      isPaused ? `Go on (${countedText(missed, "event")} left out)` : "Pause",
    );
    element.hidden = body.childElementCount === 0;
    empty.hidden = !element.hidden;
  };
  const show = (events: readonly LiveEvent[]) => {
    if (isPaused) missed += events.length;
    else {
      body.prepend(
        ...events.toReversed().map((event) => row(HEADINGS, cellsOf(event))),
      );
      while (body.childElementCount > MAX_ROWS) body.lastElementChild?.remove();
    }
    tell();
  };
  show(kept);
  return {
    title: "Live",
    content: el("div", {}, el("div", { class: "bar" }, pause), element, empty),
    load: () => Promise.resolve(),
    events: ({ events }) => show(events),
  };
}

function cellsOf(event: LiveEvent): readonly Child[] {
  if (event.kind === "lost") {
    return ["", WORDS.lost, countedText(event.count, "event")];
  }
  const { atMs, kind, address, jail } = event;
  return [
    clockText(atMs),
    el("span", { class: `kind ${kind}` }, WORDS[kind]),
    addressLink(address),
    jail,
    event.node ?? "",
    moreOf(event),
  ];
}

function moreOf(event: Exclude<LiveEvent, { kind: "lost" }>): string {
  switch (event.kind) {
    case "ban": {
      const { enforced, expected, afterMs } = event;
      const after = afterMs === null
        ? ""
        : ` after ${(afterMs / 1_000).toFixed(3)} s`;
      return expected === 0 ? "" : `${enforced}/${expected} in force${after}`;
    }
    case "end":
      return event.end;
    case "refuse":
      return ruleText(event.rule);
    case "wait":
      return "for its quorum";
    case "report":
      return "";
  }
}
