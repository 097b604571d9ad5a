import { deepStrictEqual } from "node:assert/strict";
import {
  type ExportedNetwork,
  type ExportFormat,
  exportLines,
} from "../../lib/views/export_formats.ts";
import { address } from "../support/values/core_values.ts";

const NOW_MS = Date.UTC(2026, 10, 29, 12, 0, 0);
const NETWORKS: readonly ExportedNetwork[] = [
  { network: address("192.0.2.7"), endsMs: NOW_MS + 90_000 },
  { network: address("198.51.100.0/24"), endsMs: null },
  { network: address("2001:db8:7::/64"), endsMs: NOW_MS + 400 },
];

/** What each program is given. */
const LINES: Readonly<Record<ExportFormat, readonly string[]>> = {
  plain: ["192.0.2.7", "198.51.100.0/24", "2001:db8:7::/64"],
  haproxy: ["192.0.2.7", "198.51.100.0/24", "2001:db8:7::/64"],
  pf: ["192.0.2.7", "198.51.100.0/24", "2001:db8:7::/64"],
  csv: [
    "network,family,ends",
    "192.0.2.7,4,2026-11-29T12:01:30.000Z",
    "198.51.100.0/24,4,",
    "2001:db8:7::/64,6,2026-11-29T12:00:00.400Z",
  ],
  json: [
    '{"network":"192.0.2.7","family":4,"ends":"2026-11-29T12:01:30.000Z"}',
    '{"network":"198.51.100.0/24","family":4,"ends":null}',
    '{"network":"2001:db8:7::/64","family":6,"ends":"2026-11-29T12:00:00.400Z"}',
  ],
  nft: [
    "add table inet fail2ban_cluster_export",
    "add set inet fail2ban_cluster_export banned4 { type ipv4_addr; flags interval; auto-merge; }",
    "flush set inet fail2ban_cluster_export banned4",
    "add element inet fail2ban_cluster_export banned4 { 192.0.2.7, 198.51.100.0/24 }",
    "add set inet fail2ban_cluster_export banned6 { type ipv6_addr; flags interval; auto-merge; }",
    "flush set inet fail2ban_cluster_export banned6",
    "add element inet fail2ban_cluster_export banned6 { 2001:db8:7::/64 }",
  ],
  ipset: [
    "create fail2ban-cluster-4 hash:net family inet timeout 0 maxelem 4194304 -exist",
    "create fail2ban-cluster-4-new hash:net family inet timeout 0 maxelem 4194304 -exist",
    "flush fail2ban-cluster-4-new",
    "add fail2ban-cluster-4-new 192.0.2.7 timeout 90 -exist",
    "add fail2ban-cluster-4-new 198.51.100.0/24 timeout 0 -exist",
    "swap fail2ban-cluster-4-new fail2ban-cluster-4",
    "destroy fail2ban-cluster-4-new",
    "create fail2ban-cluster-6 hash:net family inet6 timeout 0 maxelem 4194304 -exist",
    "create fail2ban-cluster-6-new hash:net family inet6 timeout 0 maxelem 4194304 -exist",
    "flush fail2ban-cluster-6-new",
    "add fail2ban-cluster-6-new 2001:db8:7::/64 timeout 1 -exist",
    "swap fail2ban-cluster-6-new fail2ban-cluster-6",
    "destroy fail2ban-cluster-6-new",
  ],
  mikrotik: [
    "/ip firewall address-list remove [find list=fail2ban-cluster]",
    "/ip firewall address-list add list=fail2ban-cluster address=192.0.2.7 timeout=90s",
    "/ip firewall address-list add list=fail2ban-cluster address=198.51.100.0/24",
    "/ipv6 firewall address-list remove [find list=fail2ban-cluster]",
    "/ipv6 firewall address-list add list=fail2ban-cluster address=2001:db8:7::/64 timeout=1s",
  ],
  "nginx-geo": ["192.0.2.7 1;", "198.51.100.0/24 1;", "2001:db8:7::/64 1;"],
};

for (const [format, lines] of Object.entries(LINES)) {
  Deno.test(`export writes what ${format} reads`, () => {
    deepStrictEqual(
      [...exportLines(format as ExportFormat, NETWORKS, NOW_MS)],
      lines,
    );
  });
}
