/**
 * Cluster statuses, and the programs of a node.
 *
 * @module
 */

import type { ProgramView } from "../../../lib/views/status_view.ts";
import type { ClusterStatus } from "../../../lib/wire/operator_status.ts";
import { host } from "./core_values.ts";

const DAY_MS = 86_400_000;

/** The cluster of the golden example. */
export const CLUSTER: ClusterStatus = {
  version: "0.2.0",
  upMs: 12 * DAY_MS,
  bans: 1_204,
  waiting: 0,
  change: 88_213,
  storeTrouble: "",
  backupAgoMs: 4 * 3_600_000,
  threads: { mainPercent: 12, ioPercent: 4 },
  lists: [],
  nodes: { ok: 11, silent: 1, away: 0, never: 0, aside: 1 },
  enforced: {
    inForce: 13_240,
    expected: 13_244,
    nodes: 11,
    observed: 0,
    observers: 0,
  },
  lastHour: {
    spanMs: 3_600_000,
    began: 311,
    ended: 298,
    refused: [{ rule: "allowlist", count: 9 }, {
      rule: "own-address",
      count: 3,
    }],
  },
};

/** The displayed part of a node's membership. */
export const MEMBERSHIP = {
  node: host("web1"),
  controlUrl: "tcp://192.0.2.10:5681",
  streamUrl: "tcp://192.0.2.10:5682",
};

/** A node's programs, one in each state. */
export const PROGRAMS: readonly ProgramView[] = [
  {
    kind: "running",
    role: "monitor",
    report: {
      program: "fail2ban-monitor",
      version: "0.2.0",
      pid: 123,
      node: "web1",
      upSeconds: 12 * DAY_MS / 1_000,
      figures: { protocol: 2, unanswered: 0, publisherAnswers: true },
    },
  },
  {
    kind: "running",
    role: "subscriber",
    report: {
      program: "fail2ban-subscriber",
      version: "0.2.0",
      pid: 124,
      node: "web1",
      upSeconds: 7_200,
      figures: {
        protocol: 2,
        following: true,
        bans: 1_204,
        seq: 88_213,
        "nftables.inForce": 1_192,
        "nftables.failing": 2,
      },
    },
  },
  { kind: "stopped", role: "monitor" },
  { kind: "mute", role: "subscriber", reason: "it runs but does not answer" },
];
