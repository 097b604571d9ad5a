/**
 * Events in the cluster, for an operator who watches.
 *
 * @module
 */

import type { LiveEvent } from "../wire/operator_tail.ts";
import { GrowingTable, type OutputPlace } from "./operator_output.ts";
import { clockText, countText, isoText } from "./plain_texts.ts";

/** Time, kind, address, jail, node, reason, delay; then nodes in force. */
const WIDTHS = [9, 6, 11, 4, 5, 8, 8] as const;
/** Jail, node and reason shrink on a narrow terminal. */
const SHRINKING = [3, 4, 5] as const;

/** Shows one event per line, in aligned columns. */
export class TailTable {
  readonly #table: GrowingTable;

  /** @param place Where it is printed. */
  constructor(place: OutputPlace) {
    const layout = { heading: [], shrinking: SHRINKING, widths: WIDTHS };
    this.#table = new GrowingTable(layout, place);
  }

  /** The lines of more events. */
  lines(events: readonly LiveEvent[]): readonly string[] {
    return events.flatMap((event) =>
      event.kind === "lost"
        ? [lostText(event.count)]
        : this.#table.lines([cellsOf(event)])
    );
  }
}

type ShownEvent = Exclude<LiveEvent, { readonly kind: "lost" }>;

function cellsOf(event: ShownEvent): readonly string[] {
  const { atMs, kind, address, jail } = event;
  return [clockText(atMs), kind, address, jail, ...moreCells(event)];
}

/** The cells from the node on. */
function moreCells(event: ShownEvent): readonly string[] {
  switch (event.kind) {
    case "ban": {
      const { node, enforced, expected, afterMs } = event;
      return [
        node,
        "",
        afterMs === null ? "" : `+${(afterMs / 1_000).toFixed(3)} s`,
        expected === 0 ? "-" : `${enforced}/${expected}`,
      ];
    }
    case "wait":
      return [event.node, "quorum"];
    case "report":
      return [event.node];
    case "end":
      return [event.node ?? "", event.end];
    case "refuse":
      return [event.node, event.rule];
  }
}

function lostText(count: number): string {
  const events = count === 1 ? "1 event is" : `${countText(count)} events are`;
  return `... ${events} left out: they were read too slowly`;
}

/** A line of JSON; see `docs/schemas/tail.json`. */
export function liveEventJson(event: LiveEvent): string {
  if (event.kind === "lost") return JSON.stringify(event);
  const { atMs, kind, address, jail, ...more } = event;
  return JSON.stringify({ at: isoText(atMs), kind, address, jail, ...more });
}
