/**
 * Lists in published formats, with invented addresses.
 *
 * @module
 */

/** Spamhaus's format of DROP. */
export const DROP_LIST =
  `; Spamhaus DROP List 2026/11/29 - (c) 2026 The Spamhaus Project SLU
; https://www.spamhaus.org/drop/drop.txt
; Last-Modified: Sun, 29 Nov 2026 12:39:19 GMT
; Expires: Sun, 29 Nov 2026 13:41:52 GMT
198.18.4.0/22 ; SBL434604
198.19.0.0/16 ; SBL502548
203.0.113.0/24 ; SBL256894
2001:db8:1f00::/40 ; SBL605541
`;

/** blocklist.de's format of all.txt. */
export const BLOCKLIST_DE = `192.0.2.14
192.0.2.200
198.51.100.3
2001:db8:4006:812::200e
`;

/** AbuseIPDB's answer to `blacklist`. */
export const ABUSEIPDB_ANSWER = JSON.stringify({
  meta: { generatedAt: "2026-11-29T12:00:03+00:00" },
  data: [
    {
      ipAddress: "192.0.2.66",
      countryCode: "CN",
      abuseConfidenceScore: 100,
      lastReportedAt: "2026-11-29T11:58:01+00:00",
    },
    {
      ipAddress: "2001:0DB8:7::1",
      countryCode: "DE",
      abuseConfidenceScore: 100,
      lastReportedAt: "2026-11-29T11:57:00+00:00",
    },
    { ipAddress: "10.1.2.3", abuseConfidenceScore: 90 },
  ],
});

/** The output of `cscli decisions list -o json`. */
export const CSCLI_DECISIONS = JSON.stringify(
  [
    {
      capacity: 0,
      created_at: "2026-11-29T10:21:38Z",
      decisions: [
        {
          duration: "3h41m12s",
          id: 15,
          origin: "crowdsec",
          scenario: "crowdsecurity/ssh-bf",
          scope: "Ip",
          simulated: false,
          type: "ban",
          value: "192.0.2.31",
        },
        {
          duration: "3h41m12s",
          id: 16,
          origin: "crowdsec",
          scenario: "crowdsecurity/http-bf",
          scope: "Ip",
          type: "captcha",
          value: "192.0.2.32",
        },
      ],
      events: null,
      scenario: "crowdsecurity/ssh-bf",
    },
    {
      decisions: [
        {
          id: 17,
          origin: "cscli",
          scope: "Range",
          type: "ban",
          value: "198.51.100.0/24",
        },
        { id: 18, origin: "lists", scope: "AS", type: "ban", value: "64500" },
      ],
    },
  ],
  null,
  1,
);

/** The output of `fail2ban-client banned`. */
export const BANNED_OUTPUT =
  "[{'sshd': ['192.0.2.41', '2001:db8::41']}, {'recidive': []}, {'my.jail': ['192.0.2.42']}]\n";

/** The format of ConfigServer's `csf.deny`. */
export const CSF_DENY =
  `###############################################################################
# Copyright 2006-2018, Way to the Web Limited
# URL: http://www.configserver.com
###############################################################################
# The following IP addresses will be blocked in iptables
# One IP address per line
###############################################################################
192.0.2.51 # lfd: (sshd) Failed SSH login from 192.0.2.51 (XX/Somewhere/-): 5 in the last 3600 secs - Sun Nov 29 09:12:11 2026
198.51.100.0/25 # Manually denied: 198.51.100.0/25 - Sun Nov 29 09:15:00 2026
tcp|in|d=22,25|s=192.0.2.52 # only these ports
Include /etc/csf/csf.deny.more
`;

/** The format of abuse.ch's feeds: comments, then a header. */
export const FEED_CSV = `#####
# abuse.ch, "made up
#####
"first_seen_utc","dst_ip","dst_port","c2_status","malware"
"2026-11-28 01:02:03","192.0.2.61","443","online","Some, malware"
"2026-11-28 01:02:04","192.0.2.62","995","offline","Said ""so"""
"2026-11-28 01:02:05","no.ip","995","offline","Other"
`;

/** Distinct networks of a netset: /32 of 198.18.0.0/15, some /24, and IPv6. */
export function* manyNetworks(
  count: number,
): Generator<string, void, undefined> {
  for (let at = 0; at < count; at++) {
    const third = (at >> 8) & 255;
    yield `198.${18 + ((at >> 16) & 1)}.${third}.${at & 255}`;
  }
}

/** A netset with a header like FireHOL's, and a number of entries. */
export function netset(count: number): string {
  const header = [
    "#",
    "# firehol_made_up",
    "#",
    "# ipv4 hash:net ipset",
    `# Entries         : ${count} unique IPs`,
    "#",
  ];
  return [...header, ...manyNetworks(count), ""].join("\n");
}
