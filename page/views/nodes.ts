/**
 * The state of each node, like `fail2ban-cluster nodes`.
 *
 * @module
 */

import { type NodeRow, nodeRows } from "../../lib/views/node_table.ts";
import { countText, spanText } from "../../lib/views/plain_texts.ts";
import type { LiveNode } from "../../lib/wire/operator_status.ts";
import { askOne } from "../api.ts";
import { button, type Child, el, filledTable, state } from "../dom.ts";
import type { Shell, View } from "./view.ts";

const HEADINGS = [
  ...["Node", "State", "Seen", "Version", "Lag", "Reports"],
  ...["In force", "Refused", "Failed", ""],
];
/** Interval between requests, in seconds. */
const EVERY_SECONDS = 5;

/** The view. */
export function nodesView(shell: Shell): View {
  const content = el("div", {});
  let seconds = 0;
  const load = async () => {
    const { nodes } = await askOne({ kind: "nodes" }, "nodes");
    const rows = nodeRows(nodes.map(({ node }) => node), nodes);
    // Does not replace a button that has the focus.
    if (content.contains(document.activeElement)) return;
    content.replaceChildren(
      filledTable(
        "Nodes",
        HEADINGS,
        rows.map((row, at) => cellsOf(row, nodes[at], shell, load)),
        "There are no nodes yet: fail2ban-cluster node add NAME makes one.",
      ),
    );
  };
  const tick = () => {
    if (++seconds % EVERY_SECONDS === 0) shell.attempt(load);
  };
  return { title: "Nodes", content, load, tick };
}

function seenText(seconds: number | null): string {
  return seconds === null ? "-" : `${spanText(seconds * 1_000)} ago`;
}

function cellsOf(
  row: NodeRow,
  live: LiveNode | undefined,
  shell: Shell,
  load: () => Promise<void>,
): readonly Child[] {
  const { node, seenSeconds, versions, note, choice } = row;
  const counts = [row.lag, row.reports, row.inForce, row.refused, row.failed];
  const isAside = live?.aside !== null && live !== undefined;
  const release = () =>
    shell.confirm({
      title: `Take reports of ${node} again?`,
      command: () => `fail2ban-cluster node release ${node}`,
      verb: "Release",
      act: async () => {
        await askOne(
          { kind: "release", node: live?.node ?? node as never },
          "done",
        );
        shell.attempt(load);
        return [`reports of ${node} count again`];
      },
    });
  const kind = row.state === "ok"
    ? "good"
    : row.state === "away" || row.state === "never"
    ? "idle"
    : "bad";
  const told = note === "" ? choice : note;
  return [
    told === ""
      ? node
      : el("div", {}, node, el("small", { class: "below" }, told)),
    state(row.state, kind),
    el("span", { class: "whole" }, seenText(seenSeconds)),
    versions.join("/") || "-",
    ...counts.map((count) => count === null ? "-" : countText(count)),
    isAside && shell.mayWrite
      ? button("Release", release, { "aria-label": `Release ${node}` })
      : undefined,
  ];
}
