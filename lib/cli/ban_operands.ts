/**
 * Parses operands and options about bans into typed values, or throws an error
 * that says what was expected.
 *
 * @module
 */

import { UsageError } from "../base/errors.ts";
import { parseJailName } from "../base/jail_name.ts";
import { parseOrigin } from "../base/operator_name.ts";
import {
  BAN_SORTS,
  type BanFilter,
  type BanSort,
  MAX_SORTED_BANS,
} from "../wire/operator_bans.ts";
import type { TypedCommand } from "./cluster_cli.ts";
import { expected, networkOf, sinceOption } from "./operands.ts";

/** `--jail`, `--node`, `--address`, `--in`, `--since`, `--not-enforced`. */
export function banFilterOptions(
  command: TypedCommand,
  nowMs: number,
): BanFilter {
  const { options } = command;
  if (options.has("address") && options.has("in")) {
    throw new UsageError("--address and --in exclude each other", {
      hint: "--address has what covers it, --in what is in it",
    });
  }
  const value = <T>(name: string, parse: (text: string) => T): T | null => {
    const text = options.get(name);
    return typeof text === "string" ? parse(text) : null;
  };
  return {
    jail: value(
      "jail",
      (text) => parseJailName(text) ?? expected(text, "a jail's name", "jail"),
    ),
    node: value(
      "node",
      (text) =>
        parseOrigin(text) ??
          expected(text, "a node's name, or import:NAME", "node"),
    ),
    at: value("address", (text) => networkOf(text, "address")),
    within: value("in", (text) => networkOf(text, "in")),
    sinceMs: sinceOption(command, nowMs),
    notEnforced: options.has("not-enforced"),
  };
}

/** `--limit`; `undefined`: not given. */
export function limitOption({ options }: TypedCommand): number | undefined {
  const text = options.get("limit");
  if (typeof text !== "string") return undefined;
  const limit = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return limit >= 1 && limit <= MAX_SORTED_BANS ? limit : expected(
    text,
    `a number, 1 to ${MAX_SORTED_BANS}; --all for more`,
    "limit",
  );
}

/** `--sort`; `undefined`: not given. */
export function sortOption({ options }: TypedCommand): BanSort | undefined {
  const text = options.get("sort");
  if (typeof text !== "string") return undefined;
  return BAN_SORTS.find((sort) => sort === text) ??
    expected(text, `one of ${BAN_SORTS.join(", ")}`, "sort");
}
