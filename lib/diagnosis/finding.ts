/**
 * What a check found, and what to type about it.
 *
 * @module
 */

/** One line of a diagnosis. */
export interface Finding {
  /** `fail`: something does not work; `warn`: it does, and not as it should. */
  readonly state: "ok" | "warn" | "fail";
  /** What was looked at, as in `clock`. */
  readonly subject: string;
  /** What was found, as half a sentence. */
  readonly finding: string;
  /** A command that mends it, or the next thing to do; `undefined`: nothing is to be done. */
  readonly fix?: string;
}

/** Something is as it should be. */
export function fine(subject: string, finding: string): Finding {
  return { state: "ok", subject, finding };
}

/** Something works, and not as it should. */
export function warning(
  subject: string,
  finding: string,
  fix?: string,
): Finding {
  return { state: "warn", subject, finding, ...(fix && { fix }) };
}

/** Something does not work. */
export function fault(subject: string, finding: string, fix?: string): Finding {
  return { state: "fail", subject, finding, ...(fix && { fix }) };
}

/** How many there are of each kind. */
export interface FindingCounts {
  readonly faults: number;
  readonly warnings: number;
}

/** Counts what is not as it should be. */
export function countFindings(findings: readonly Finding[]): FindingCounts {
  const count = (state: Finding["state"]) =>
    findings.filter((finding) => finding.state === state).length;
  return { faults: count("fail"), warnings: count("warn") };
}
