/**
 * Answers of a publisher about addresses.
 *
 * @module
 */

import type { EnforcementDetail } from "../../../lib/wire/operator_bans.ts";
import type { WhyAnswer } from "../../../lib/wire/operator_why.ts";
import {
  GROWN_ORIGIN,
  WIDENED_ORIGIN,
} from "../../../lib/base/operator_name.ts";
import { address, host, jail } from "./core_values.ts";

/** The time at which they are read. */
export const NOW_MS = Date.UTC(2026, 10, 29, 13, 6, 11);
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const at = (hours: number, minutes: number, seconds: number) =>
  Date.UTC(2026, 10, 29, hours, minutes, seconds);

function applied(action: string, ...nodes: readonly string[]) {
  return nodes.map((name): EnforcementDetail => ({
    node: host(name),
    action,
    state: "applied",
    detail: "",
  }));
}

/** For an address that two nodes reported and one node refused. */
export const BANNED: WhyAnswer = {
  address: address("203.0.113.7"),
  bans: [{
    ban: {
      address: address("203.0.113.7"),
      jail: jail("sshd"),
      reports: [
        {
          node: host("web1"),
          firstMs: at(13, 2, 11),
          lastMs: at(13, 2, 11),
          endsMs: at(14, 2, 11),
        },
        {
          node: host("web2"),
          firstMs: at(13, 3, 40),
          lastMs: at(13, 3, 40),
          endsMs: at(13, 33, 40),
        },
      ],
      isPending: false,
      change: 88_195,
      enforced: 10,
      expected: 11,
      observed: 0,
      missing: [],
    },
    changes: [88_190, 88_195],
    enforcement: [
      ...applied("fail2banclient", "n1", "n2", "n3", "n4", "n5", "n6"),
      ...applied("nftables", "n7", "n8", "n9", "n10"),
      {
        node: host("db1"),
        action: "nftables",
        state: "refused",
        detail: "ignoreip: 203.0.113.0/28",
      },
    ],
    widened: null,
    grown: null,
  }],
  times: 3,
  timesByOperator: 0,
  firstMs: Date.UTC(2026, 10, 2, 9),
  knownMs: 30 * DAY_MS,
  last: null,
  refusal: null,
};

const [BAN] = BANNED.bans;

/** For an address with a repeated ban, whose network is banned by widening. */
export const WIDENED: WhyAnswer = {
  ...BANNED,
  address: address("2001:db8::7"),
  bans: BAN === undefined ? [] : [
    {
      ...BAN,
      ban: {
        ...BAN.ban,
        address: address("2001:db8::7"),
        reports: [
          ...BAN.ban.reports.slice(0, 1),
          {
            node: GROWN_ORIGIN,
            firstMs: at(13, 2, 11),
            lastMs: at(13, 2, 11),
            endsMs: at(13, 2, 11) + 16 * HOUR_MS,
          },
        ],
      },
      changes: [88_190, 88_191],
      enforcement: BAN.enforcement.slice(0, 4),
      grown: {
        times: 2,
        withinMs: DAY_MS,
        factor: 4,
        maxMs: 35 * DAY_MS,
      },
    },
    {
      ...BAN,
      ban: {
        ...BAN.ban,
        address: address("2001:db8::/64"),
        reports: [{
          node: WIDENED_ORIGIN,
          firstMs: at(13, 2, 12),
          lastMs: at(13, 2, 12),
          endsMs: at(14, 2, 11),
        }],
      },
      changes: [88_192],
      enforcement: BAN.enforcement.slice(10),
      widened: {
        after: 3,
        members: 1_204,
        some: ["2001:db8::7", "2001:db8::8"].map(address),
      },
    },
  ],
};

/** For an address on the allowlist that an operator lifted. */
export const FREE: WhyAnswer = {
  ...BANNED,
  address: address("192.0.2.1"),
  bans: [],
  last: {
    jail: jail("sshd"),
    beganMs: Date.UTC(2026, 10, 28, 9, 12),
    endedMs: Date.UTC(2026, 10, 28, 9, 52),
    end: "operator",
    by: "alice as root",
    nodes: [host("web1")],
  },
  refusal: { rule: "allowlist", because: "192.0.2.0/24", note: "the office" },
};
