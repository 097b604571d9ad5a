/**
 * The facilities of syslog.
 *
 * @module
 */

/**
 * The numerical code of every facility that has a name in syslog.conf(5).
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc5424#section-6.2.1 | RFC 5424, section 6.2.1}
 */
export const FACILITY_CODES = {
  kern: 0,
  user: 1,
  mail: 2,
  daemon: 3,
  auth: 4,
  syslog: 5,
  lpr: 6,
  news: 7,
  uucp: 8,
  cron: 9,
  authpriv: 10,
  ftp: 11,
  local0: 16,
  local1: 17,
  local2: 18,
  local3: 19,
  local4: 20,
  local5: 21,
  local6: 22,
  local7: 23,
} as const;

/** A facility's name, in lower case. */
export type SyslogFacility = keyof typeof FACILITY_CODES;

/** Every {@link SyslogFacility}, in the order of their codes. */
export const SYSLOG_FACILITIES = Object.keys(
  FACILITY_CODES,
) as readonly SyslogFacility[];
