/**
 * The result of a check, and the command to fix it.
 *
 * @module
 */

/** One line of a diagnosis. */
export interface Finding {
  /**
   * `fail`: something does not work; `warn`: it works, but not as it should.
   */
  readonly state: "ok" | "warn" | "fail";
  /** The subject of the check, as in `clock`. */
  readonly subject: string;
  /** The result, as half a sentence. */
  readonly finding: string;
  /**
   * A command that fixes it, or the next thing to do; `undefined`: nothing to
   * do.
   */
  readonly fix?: string;
}

/** A finding that something is as it should be. */
export function fine(subject: string, finding: string): Finding {
  return { state: "ok", subject, finding };
}

/** A finding that something works, but not as it should. */
export function warning(
  subject: string,
  finding: string,
  fix?: string,
): Finding {
  return { state: "warn", subject, finding, ...(fix && { fix }) };
}

/** A finding that something does not work. */
export function fault(subject: string, finding: string, fix?: string): Finding {
  return { state: "fail", subject, finding, ...(fix && { fix }) };
}

/** Number of findings of each kind. */
export interface FindingCounts {
  readonly faults: number;
  readonly warnings: number;
}

/** Counts faults and warnings. */
export function countFindings(findings: readonly Finding[]): FindingCounts {
  const count = (state: Finding["state"]) =>
    findings.filter((finding) => finding.state === state).length;
  return { faults: count("fail"), warnings: count("warn") };
}
