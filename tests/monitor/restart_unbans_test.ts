import { deepStrictEqual } from "node:assert/strict";
import type { LogEvent } from "../../lib/fail2ban/log_line.ts";
import type { TicketList } from "../../lib/fail2ban/ports.ts";
import { RestartUnbans } from "../../lib/monitor/restart_unbans.ts";
import { address, jail } from "../support/values/core_values.ts";

const SSHD = jail("sshd");
const NGINX = jail("nginx");
const ADDRESS = address("192.0.2.1");
const START_MS = 1_000_000;
const LATER_MS = 40_000;

/** What a database has in force, as long as nobody lifts it there. */
function listOf(...jails: readonly (typeof SSHD)[]): TicketList {
  return {
    tickets: jails.map((jail) => ({
      ...{ jail, address: ADDRESS, beganMs: 0, endsMs: Infinity },
    })),
    oddJails: new Set(),
    isExact: false,
    covers: () => true,
  };
}

/** Follows events, one a second, of a fail2ban that runs on; gives the jails of unbans that stand a while later. */
function standing(events: readonly LogEvent[], list: TicketList): string[] {
  const unbans = new RestartUnbans({ startedMs: () => START_MS - 60_000 });
  events.forEach((event, at) => {
    const ms = START_MS + at * 1_000;
    unbans.observe(event, { isInForce: true, atMs: ms, sinceMs: ms });
  });
  const nowMs = START_MS + LATER_MS;
  return unbans.take(list, nowMs, nowMs).map(({ jail }) => jail);
}

const unban = (of: typeof SSHD): LogEvent => ({
  ...{ kind: "unban", jail: of, address: ADDRESS },
});
const stopped = (of: typeof SSHD): LogEvent => ({
  kind: "jail_stopped",
  jail: of,
});
const started = (of: typeof SSHD): LogEvent => ({
  kind: "jail_started",
  jail: of,
});

Deno.test("RestartUnbans takes the unbans of a jail that was taken out for what they are", () => {
  deepStrictEqual(
    standing([unban(NGINX), stopped(NGINX)], listOf(SSHD, NGINX)),
    ["nginx"],
  );
});

Deno.test("RestartUnbans takes the unbans of a jail that is started again, and was restored, for its restart's", () => {
  const restore: LogEvent = { kind: "restore", jail: NGINX, address: ADDRESS };
  deepStrictEqual(
    standing(
      [unban(NGINX), stopped(NGINX), started(NGINX), restore],
      listOf(SSHD, NGINX),
    ),
    [],
  );
});

Deno.test("RestartUnbans takes it for a failed reload where all jails were stopped", () => {
  deepStrictEqual(
    standing(
      [unban(NGINX), stopped(NGINX), unban(SSHD), stopped(SSHD)],
      listOf(SSHD, NGINX),
    ),
    [],
  );
});

Deno.test("RestartUnbans takes it for a stop where fail2ban said so", () => {
  deepStrictEqual(
    standing(
      [{ kind: "server_stopping" }, unban(NGINX), stopped(NGINX)],
      listOf(SSHD, NGINX),
    ),
    [],
  );
});
