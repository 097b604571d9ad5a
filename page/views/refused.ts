/**
 * Refused reports, by rule and node.
 *
 * @module
 */

import { clockText, countText } from "../../lib/views/plain_texts.ts";
import { ruleText } from "../../lib/views/why_view.ts";
import type { LiveEvent } from "../../lib/wire/operator_tail.ts";
import { askOne } from "../api.ts";
import { addressLink, el, filledTable } from "../dom.ts";
import type { View } from "./view.ts";

const MAX_LATEST = 200;
type Refusal = Extract<LiveEvent, { kind: "refuse" }>;

/** The view; `kept` are events from before it was opened. */
export function refusedView(kept: readonly LiveEvent[]): View {
  const [rules, nodes, latest] = [el("div", {}), el("div", {}), el("div", {})];
  let refusals = refusalsIn(kept).slice(0, MAX_LATEST);
  const load = async () => {
    const [status, live] = await Promise.all([
      askOne({ kind: "status" }, "status"),
      askOne({ kind: "nodes" }, "nodes"),
    ]);
    rules.replaceChildren(filledTable(
      "By rule",
      ["Rule", "Reports"],
      status.lastHour.refused.map((
        { rule, count },
      ) => [rule, countText(count)]),
      "Nothing was refused in the last hour.",
    ));
    nodes.replaceChildren(filledTable(
      "By node",
      ["Node", "Refused", "Accepted"],
      live.nodes.filter(({ refused }) => refused > 0).map((node) => [
        node.node,
        countText(node.refused),
        countText(node.accepted),
      ]),
      "No node's report was refused since the publisher began.",
    ));
    draw();
  };
  const draw = () =>
    latest.replaceChildren(filledTable(
      "Lately",
      ["Time", "Address", "Jail", "Node", "Rule"],
      refusals.map(({ atMs, address, jail, node, rule }) => [
        clockText(atMs),
        addressLink(address),
        jail,
        node,
        ruleText(rule),
      ]),
      "What is refused from now on stands here.",
    ));
  return {
    title: "Refused",
    content: el(
      "div",
      {},
      el("h2", {}, "In the last hour"),
      rules,
      el("h2", {}, "By node"),
      nodes,
      el("h2", {}, "As it happens"),
      latest,
    ),
    load,
    events: ({ events }) => {
      const fresh = refusalsIn(events);
      if (fresh.length === 0) return;
      refusals = [...fresh, ...refusals].slice(0, MAX_LATEST);
      draw();
    },
  };
}

/** Latest first. */
function refusalsIn(events: readonly LiveEvent[]): readonly Refusal[] {
  return events.filter((event) => event.kind === "refuse").toReversed();
}
