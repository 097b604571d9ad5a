import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { ControlServer } from "../../support/cluster/control_server.ts";
import {
  type Fail2banServer,
  startFail2ban,
} from "../../support/fail2ban/fail2ban_server.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { report } from "../../support/bench/tally.ts";
import { TestCluster } from "../../support/cluster/test_cluster.ts";
import { waitUntil } from "../../support/host/wait_until.ts";

const HOUR_SECONDS = 3_600;
/** A ban time that a test can wait for. */
const BRIEF_SECONDS = 2;

/** Values of the section of a monitor that speaks protocol 2. */
function sectionOf(server: ControlServer, fail2ban?: Fail2banServer) {
  return {
    controlserver: server.url,
    fail2bansocket: fail2ban?.socketPath ?? "none",
    fail2bandb: fail2ban?.databasePath ?? "none",
  };
}

/** Waits for a ban, and gives how many seconds it has left. */
async function secondsLeft(
  { publisher }: ControlServer,
  jail: string,
  address: string,
): Promise<number> {
  const event = await waitUntil(
    () =>
      publisher.counted.findLast((event) =>
        event.jail === jail && event.address === address
      ),
    { what: `the ban of ${address}`, timeoutMs: 15_000 },
  );
  ok(event.kind === "ban");
  return event.remainingMs === null ? Infinity : event.remainingMs / 1_000;
}

/** How many seconds are left of what counted last; 0 of an unban. */
function lastSecondsLeft({ publisher }: ControlServer): number {
  const event = publisher.counted.at(-1);
  return event?.kind === "ban" ? Number(event.remainingMs) / 1_000 : 0;
}

/**
 * Whether what is left of a ban is its whole time, but for what has passed since
 * a moment before it; times are told in whole seconds.
 */
function isAbout(seconds: number, expected: number, sinceMs: number): void {
  const passed = (Date.now() - sinceMs) / 1_000;
  const isClose = expected === Infinity
    ? seconds === Infinity
    : seconds <= expected + 1 && seconds >= expected - passed - 1;
  ok(isClose, `${seconds} s, not ${expected}, ${passed} s later`);
}

/** How a monitor learns of times: what is set otherwise in its section. */
const WAYS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "from the database and the socket": {},
  "from the socket alone": { fail2bandb: "none" },
  "from the database alone": { fail2bansocket: "none" },
};

for (const [way, section] of Object.entries(WAYS)) {
  testWith(
    "fail2ban",
    `a monitor learns ${way} of a real fail2ban until when its bans hold`,
    async () => {
      await using cluster = await TestCluster.create();
      await using server = new ControlServer(cluster.members.publisherKeys);
      await using fail2ban = await startFail2ban({
        dir: `${cluster.dir}/host-a`,
        jails: {
          sshd: {},
          brief: { bantime: "5m" },
          forever: { bantime: -1 },
        },
      });
      const monitor = { ...sectionOf(server, fail2ban), ...section };
      await cluster.addHost("host-a", { monitor });
      await cluster.start("monitor", "host-a");
      const jails = { sshd: 600, brief: 300, forever: Infinity };
      for (const [jail, expected] of Object.entries(jails)) {
        const sinceMs = Date.now();
        await fail2ban.client("set", jail, "banip", "192.0.2.11");
        const seconds = await secondsLeft(server, jail, "192.0.2.11");
        isAbout(seconds, expected, sinceMs);
      }
      const figures = await cluster.figures("monitor", "host-a");
      strictEqual(figures["protocol"], 2);
      strictEqual(figures["assumedTimes"], 0);
    },
  );
}

testWith(
  "fail2ban",
  "a real fail2ban's longer ban of whoever comes again is reported with its longer time",
  async () => {
    await using cluster = await TestCluster.create();
    await using server = new ControlServer(cluster.members.publisherKeys);
    await using fail2ban = await startFail2ban({
      dir: `${cluster.dir}/host-a`,
      jails: {
        sshd: {
          bantime: BRIEF_SECONDS,
          "bantime.increment": "true",
          "bantime.multipliers": `1 ${HOUR_SECONDS / BRIEF_SECONDS}`,
        },
      },
    });
    const monitor = sectionOf(server, fail2ban);
    await cluster.addHost("host-a", { monitor });
    await cluster.start("monitor", "host-a");
    const sinceMs = Date.now();
    await fail2ban.client("set", "sshd", "banip", "192.0.2.11");
    const brief = await secondsLeft(server, "sshd", "192.0.2.11");
    isAbout(brief, BRIEF_SECONDS, sinceMs);
    await fail2ban.waitForMessage("[sshd] Unban 192.0.2.11");
    const againMs = Date.now();
    await fail2ban.client("set", "sshd", "banip", "192.0.2.11");
    const seconds = await waitUntil(() => {
      const left = lastSecondsLeft(server);
      return left > BRIEF_SECONDS && left;
    }, { what: "the longer ban", timeoutMs: 10_000 });
    isAbout(seconds, HOUR_SECONDS, againMs);
    report("bans and unbans", { counted: server.publisher.counted.length });
    // fail2ban writes times after its log line: a monitor that looks only then
    // tells one ban, one that looked before tells its end again.
    const kinds = server.publisher.counted.map(({ kind }) => kind);
    deepStrictEqual(
      kinds.filter((kind, at) => kind !== kinds[at - 1]),
      ["ban", "unban", "ban"],
    );
  },
);

testWith(
  "fail2ban",
  "the very first start reports the bans that a real fail2ban has, once, also when it is killed amid that",
  async () => {
    await using cluster = await TestCluster.create();
    await using server = new ControlServer(cluster.members.publisherKeys);
    await using fail2ban = await startFail2ban({
      dir: `${cluster.dir}/host-a`,
      jails: { sshd: {}, forever: { bantime: -1 } },
      dedicatedJail: {},
    });
    const sinceMs = Date.now();
    await fail2ban.client("set", "sshd", "banip", "192.0.2.11", "2001:db8::1");
    await fail2ban.client("set", "forever", "banip", "192.0.2.12");
    await fail2ban.client("set", "fail2bancluster", "banip", "192.0.2.19");
    const monitor = { ...sectionOf(server, fail2ban), importexisting: "true" };
    await cluster.addHost("host-a", { monitor });
    server.publisher.holding = true;
    const first = await cluster.start("monitor", "host-a");
    await waitUntil(() => server.publisher.counted.length === 3, {
      what: "the bans that were there",
      timeoutMs: 15_000,
    });
    await first.end("SIGKILL");
    server.publisher.holding = false;
    await cluster.start("monitor", "host-a");
    await waitUntil(async () => {
      const { acknowledged, known } = await cluster.figures(
        "monitor",
        "host-a",
      );
      return acknowledged === 3 && known === 3;
    }, { what: "every answer", timeoutMs: 15_000 });
    await fail2ban.client("set", "sshd", "banip", "192.0.2.13");
    await secondsLeft(server, "sshd", "192.0.2.13");
    deepStrictEqual(
      server.publisher.counted.map(({ jail, address }) => `${jail} ${address}`)
        .sort(),
      [
        "forever 192.0.2.12",
        "sshd 192.0.2.11",
        "sshd 192.0.2.13",
        "sshd 2001:db8::1",
      ],
    );
    const forever = await secondsLeft(server, "forever", "192.0.2.12");
    isAbout(forever, Infinity, sinceMs);
    isAbout(await secondsLeft(server, "sshd", "2001:db8::1"), 600, sinceMs);
  },
);
