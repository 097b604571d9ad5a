/**
 * Lines written by fail2ban 0.8 to 1.1.1, with their meanings.
 *
 * @module
 */

import type { LogEvent } from "../../../lib/fail2ban/log_line.ts";
import type { LogFormat } from "../../../lib/fail2ban/log_format.ts";

/** A line with its meaning. */
export interface LogSample {
  /** Its number in the table. */
  readonly number: number;
  /** fail2ban's log format. */
  readonly format: LogFormat;
  /** Its meaning, in the form of {@link describeEvent}. */
  readonly answer: string;
  /** The line without its end. */
  readonly line: string;
}

const CR = "\r";
const SP = " ";

/**
 * `#number format: answer`, then the line. Numbers 16 and 39 need context: 16
 * followed a stop of the server, and 39 is forged by a `banip` whose argument
 * contained a line end, so that every byte of it is valid.
 */
const TABLE = String.raw`
#1 file: ban cluster 198.51.100.9
2026-11-22 14:14:55,029 fail2ban.actions: WARNING [cluster] Ban 198.51.100.9
#2 file: nothing
2026-11-22 14:14:59,036 fail2ban.actions: WARNING [cluster] 198.51.100.9 already banned
#3 file: unban cluster 198.51.100.9
2026-11-22 14:15:01,040 fail2ban.actions: WARNING [cluster] Unban 198.51.100.9
#4 file: ban cluster 192.0.2.1
2026-11-22 14:12:24,279 fail2ban.actions[10394]: WARNING [cluster] Ban 192.0.2.1
#5 file: ban cluster 2001:db8::5
2026-11-22 14:12:24,286 fail2ban.actions[10394]: WARNING [cluster] Ban 2001:db8::5
#6 file: nothing
2026-11-22 14:12:24,290 fail2ban.actions[10394]: INFO    [cluster] 198.51.100.9 already banned
#7 file: nothing
2026-11-22 14:12:23,411 fail2ban.filter [10394]: WARNING Requested to manually ban an ignored IP 192.0.2.50. User knows best. Proceeding to ban it.
#8 file: unban apache-badbots 37.152.91.34
2014-08-05 03:06:26,448 fail2ban.actions[4822]: WARNING [apache-badbots] Unban 37.152.91.34
#9 file: ban cluster 198.51.100.9
2026-11-22 14:12:41,475 fail2ban.server.actions[11281]: NOTICE  [cluster] Ban 198.51.100.9
#10 file: nothing
2014-08-13 17:55:50,401 fail2ban.server.actions[17436]: NOTICE  [sshd] 144.0.0.25 already banned
#11 file: unban sshd 50.30.34.7
2014-08-10 20:06:41,576 fail2ban.server.actions[21667]: NOTICE  [sshd] Unban 50.30.34.7
#12 file: nothing
iptables -D INPUT -s 116.10.191.199 -j DROP -- returned 1
#13 file: ban cluster 198.51.100.9
2026-11-22 14:13:03,659 fail2ban.actions        [12067]: NOTICE  [cluster] Ban 198.51.100.9
#14 file: nothing
2026-11-22 14:13:02,659 fail2ban.filter         [12067]: INFO    [cluster] Found 198.51.100.9
#15 file: nothing
2026-11-22 14:13:29,242 fail2ban.actions        [12817]: NOTICE  [cluster] 198.51.100.9 already banned
#16 file: unban cluster 192.0.2.3
2026-11-22 14:13:37,287 fail2ban.actions        [12817]: NOTICE  [cluster] Unban 192.0.2.3
#17 file: restore postfix-auth 185.234.216.95
2019-08-08 15:22:07,244 fail2ban.actions        [555]: NOTICE  [postfix-auth] Restore Ban 185.234.216.95
#18 file: increase sasl 45.148.10.190 2 14400
2021-04-07 14:32:45,117 fail2ban.observer       [6534]: NOTICE  [sasl] Increase Ban 45.148.10.190 (2 # 4:00:00 -> 2021-04-07 18:32:45)
#19 file: refused target
2026-11-22 14:13:51,531 fail2ban.actions        [13260]: NOTICE  [cluster] Ban not-an-ip
#20 file: ban app 2001:db8::9
2026-11-22 14:04:14,285 fail2ban.actions        [10390]: NOTICE  [app] Ban 2001:db8::9
#21 file: ban cluster 192.0.2.0/28
2026-11-22 14:03:45,701 fail2ban.actions        [10390]: NOTICE  [cluster] Ban 192.0.2.0/28
#22 file: ban cluster 10.0.0.0/8
2026-11-22 14:03:45,717 fail2ban.actions        [10390]: NOTICE  [cluster] Ban 10.0.0.0/8
#23 file: restore cluster 192.0.2.1
2026-11-22 14:09:26,950 fail2ban.actions        [10390]: NOTICE  [cluster] Restore Ban 192.0.2.1
#24 file: increase app 198.51.100.9 2 6
2026-11-22 14:20:50,657 fail2ban.observer       [3440]: NOTICE  [app] Increase Ban 198.51.100.9 (2 # 6s -> 2026-11-22 14:20:55)
#25 file: nothing
2026-11-22 14:21:10,500 fail2ban.actions        [3440]: NOTICE  [app] Reban 198.51.100.9, action 'flush'
#26 file: nothing
2026-11-22 14:21:15,430 fail2ban.actions        [3440]: NOTICE  [app] Flush ticket(s) with flush
#27 file: nothing
2026-11-22 14:04:18,034 fail2ban.observer       [10390]: INFO    [app] Found 198.51.100.9, bad - 2026-11-22 14:04:17, 1 # -> 2.0, Ban
#28 file: nothing
2026-11-22 14:20:50,657 fail2ban.observer       [3440]: INFO    [app] IP 198.51.100.9 is bad: 1 # last 2026-11-22 14:20:43 - incr 3s to 6s
#29 file: nothing
2026-11-22 14:08:49,293 fail2ban.filter         [10390]: INFO    [cluster] Attempt 192.0.2.211 - 2026-11-22 14:08:49
#30 file: refused target
2026-11-22 14:04:15,437 fail2ban.actions        [10390]: NOTICE  [fidj] Ban alice
#31 file: nothing
2026-11-22 14:04:14,753 fail2ban.filter         [10390]: INFO    [fidj] Found x [sshd] Ban 192.0.2.66 - 2026-11-22 14:04:13
#32 file: refused target
2026-11-22 14:04:15,421 fail2ban.actions        [10390]: NOTICE  [fidj] Ban x [sshd] Ban 192.0.2.66
#33 file: nothing
2026-11-22 14:03:43,731 fail2ban.filter         [10390]: WARNING [app] Please check a jail for a timing issue. Line with odd timestamp: 2020-01-01T00:00:00 app: failure from 198.51.100.77 x] [sshd] Ban 192.0.2.77
#34 file: refused bytes
2026-11-22 14:04:15,459 fail2ban.actions        [10390]: NOTICE  [fidj] Ban cr<CR>2026-11-22 14:03:40,537 fail2ban.actions        [10390]: NOTICE  [sshd] Ban 192.0.2.9
#35 file: nothing
2026-11-22 14:19:57,239 fail2ban.utils          [31410]: ERROR   7fe5f85d7540 -- stderr: '2026-11-22T14:19:56 app: failure from 198.51.100.9 user x [sshd] Ban 192.0.2.81'
#36 file: action_failed ban app
2026-11-22 14:19:57,244 fail2ban.actions        [31410]: ERROR   Failed to execute ban jail 'app' action 'fail' info 'ActionInfo({'ip': '198.51.100.9', ... 'matches': '... user x [sshd] Ban 192.0.2.81\n...
#37 file: refused target
2026-11-22 14:18:14,249 fail2ban.actions        [26097]: NOTICE  [a] Ban 192.0.2.99 x] Ban 192.0.2.1
#38 file: nothing
2026-11-22 14:03:46,244 fail2ban.transmitter    [10390]: ERROR   Command ['set', 'nojail', 'banip', '192.0.2.1'] has failed. Received UnknownJailException('nojail')
#39 file: ban sshd 192.0.2.250
2026-01-01 00:00:00,000 fail2ban.actions        [1]: NOTICE  [sshd] Ban 192.0.2.250
#40 file: refused target
2026-11-22 14:03:45,932 fail2ban.actions        [10390]: NOTICE  [cluster] Ban<SP>
#41 file: ban cluster 192.0.2.1
2026-11-22 14:15:48,600 fail2ban.actions[21276]: NOTICE [cluster] Ban 192.0.2.1
#42 sysout: ban cluster 192.0.2.1
fail2ban.actions        [22022]: NOTICE  [cluster] Ban 192.0.2.1
#43 file: refused format
 2026-11-22 14:16:16,129 7F5EC9F172C0 NOTIC [cluster] Ban 192.0.2.1
#44 syslog: unban cluster 192.0.2.1
<29>fail2ban.actions[23212]: NOTICE [cluster] Unban 192.0.2.1
#45 syslog: ban postfix-auth 192.0.2.1
Jan 16 17:11:25 testorg fail2ban.actions[6605]: NOTICE [postfix-auth] Ban 192.0.2.1
#46 sysout: ban postfix-auth 192.0.2.2
Mar 05 08:41:28 test.org fail2ban-server[11524]: fail2ban.actions        [11524]: NOTICE  [postfix-auth] Ban 192.0.2.2
#47 journal: ban postfix-sasl 192.0.2.3
host fail2ban[15699]: [postfix-sasl] Ban 192.0.2.3
#48 syslog: unban apache-ips 5.79.127.43
Jul 28 06:47:15 aserver fail2ban.actions[12265]: NOTICE [apache-ips] Unban 5.79.127.43
#49 file: repeal cluster 198.51.100.9
2026-11-22 14:14:21,448 fail2ban.actions        [13373]: NOTICE  [cluster] Repeal Ban 198.51.100.9
#50 file: nothing
2026-11-22 14:14:18,217 fail2ban.server         [13373]: INFO    rollover performed on /var/log/fail2ban.log
`;

/** All samples, in order. */
export const LOG_SAMPLES: readonly LogSample[] = readTable(TABLE);

/**
 * Describes a line's meaning briefly.
 *
 * @param event The parsed event; `undefined` gives `nothing`.
 */
export function describeEvent(event: LogEvent | undefined): string {
  if (event === undefined) return "nothing";
  switch (event.kind) {
    case "refused":
      return `refused ${event.reason}`;
    case "increase": {
      const { kind, jail, address, count, durationSeconds } = event;
      return [kind, jail, address, count, durationSeconds].join(" ");
    }
    case "server_starting":
    case "server_stopping":
      return event.kind;
    case "jail_started":
    case "jail_stopped":
      return `${event.kind} ${event.jail}`;
    case "action_failed":
      return `${event.kind} ${event.verb} ${event.jail}`;
    default:
      return `${event.kind} ${event.jail} ${event.address}`;
  }
}

function readTable(text: string): readonly LogSample[] {
  const rows = text.trim().split(/^(?=#\d+ \w+: )/m);
  return rows.map((row) => {
    const parts = /^#(\d+) (\w+): ([^\n]+)\n([^\n]+)\n?$/.exec(row);
    if (parts === null) {
      throw new SyntaxError(`Cannot read the sample "${row}"`);
    }
    const [, number, format, answer = "", line = ""] = parts;
    return {
      number: Number(number),
      format: format as LogFormat,
      answer,
      line: line.replace("<CR>", CR).replace("<SP>", SP),
    };
  });
}
