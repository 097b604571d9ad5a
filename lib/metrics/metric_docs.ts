/**
 * The table of metrics as documentation.
 *
 * @module
 */

import { METRIC_NAMES, specOf } from "./metric_table.ts";

const ALL_PROGRAMS = 3;

/** The table's rows in Markdown, beginning with the header. */
export function metricRows(): readonly (readonly string[])[] {
  const rows = METRIC_NAMES.map((name) => {
    const { type, labels, programs, help } = specOf(name);
    const shown = labels.map((label) => `\`${label}\``).join(" ");
    const of = programs.length === ALL_PROGRAMS ? "all" : programs.join(" ");
    return [`\`${name}\``, type, shown, of, help];
  });
  return [["metric", "type", "labels", "of", "what it is"], ...rows];
}
