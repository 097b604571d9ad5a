/**
 * Makes what takes the place of addresses and names in a report.
 *
 * @module
 */

import { createHmac, randomBytes } from "node:crypto";

const DIGITS = 8;

/** Another one for each report: nobody can try all addresses beforehand. */
export function newReportDigest(): (text: string) => string {
  const salt = randomBytes(32);
  return (text) =>
    createHmac("sha256", salt).update(text).digest("hex").slice(0, DIGITS);
}
