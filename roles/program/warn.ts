import type { ProgramInfo } from "../../lib/cli/cli.ts";
import { writeText } from "./write_text.ts";

/** Tells the operator what is not as it should be, although the program can go on. */
export function warn(
  { name }: ProgramInfo,
  warnings: readonly string[],
): void {
  const lines = warnings.map((warning) => `${name}: warning: ${warning}\n`);
  writeText(Deno.stderr, lines.join(""));
}

/** Tells the operator something that is as it should be. */
export function note(
  { name }: ProgramInfo,
  notice: string | undefined,
): void {
  if (notice !== undefined) writeText(Deno.stderr, `${name}: ${notice}\n`);
}
