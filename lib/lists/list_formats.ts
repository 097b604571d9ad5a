/**
 * The formats of lists.
 *
 * @module
 */

/** The format of a list. */
export type ListFormat = typeof LIST_FORMATS[number];

/** Every {@link ListFormat}. */
export const LIST_FORMATS = [
  "plain",
  "netset",
  "csv",
  "abuseipdb",
  "crowdsec",
  "fail2ban",
  "csf",
] as const;
