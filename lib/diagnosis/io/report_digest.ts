/**
 * Makes the placeholders of addresses and names in a report.
 *
 * @module
 */

import { createHmac, randomBytes } from "node:crypto";

const DIGITS = 8;

/**
 * Makes a salted digest for one report, so that nobody can precompute all
 * addresses.
 */
export function newReportDigest(): (text: string) => string {
  const salt = randomBytes(32);
  return (text) =>
    createHmac("sha256", salt).update(text).digest("hex").slice(0, DIGITS);
}
