import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { OperatedCluster } from "../../support/cluster/operated_cluster.ts";
import { appendLog, banLine } from "../../support/fail2ban/fail2ban_lines.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { freePort } from "../../support/host/test_ports.ts";
import { waitUntil } from "../../support/host/wait_until.ts";

/** Promtool's complaint about a text; empty: it has none. */
async function promtool(text: string): Promise<string> {
  const child = new Deno.Command("promtool", {
    args: ["check", "metrics"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
  const { stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return decoder.decode(stdout) + decoder.decode(stderr);
}

async function get(url: string): Promise<readonly [number, string]> {
  const response = await fetch(url);
  return [response.status, await response.text()];
}

/** Values by name and labels, as they are written. */
function valuesOf(text: string): ReadonlyMap<string, number> {
  return new Map(
    text.split("\n").filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => {
        const at = line.lastIndexOf(" ");
        return [line.slice(0, at), Number(line.slice(at + 1))];
      }),
  );
}

/** A cluster of which each program is asked at an address of its own. */
async function watchedCluster() {
  const urls = {
    publisher: `http://127.0.0.1:${freePort()}`,
    monitor: `http://127.0.0.1:${freePort()}`,
    subscriber: `http://127.0.0.1:${freePort()}`,
  };
  const operated = await OperatedCluster.start({
    hosts: ["web1", "web2"],
    publisher: { httpbindurl: urls.publisher },
    settings: {
      web1: { monitor: { httpbindurl: urls.monitor } },
      web2: { subscriber: { httpbindurl: urls.subscriber } },
    },
  });
  return { operated, urls };
}

testWith(
  "promtool",
  "each program tells its metrics in the text format of Prometheus, without a single address",
  async () => {
    const { operated, urls } = await watchedCluster();
    await using _operated = operated;
    const { cluster } = operated;
    await appendLog(
      cluster.logPath("web1"),
      banLine("sshd", "203.0.113.7") + banLine("sshd", "2001:db8::7") +
        banLine("web", "127.0.0.1"),
    );
    await operated.until("bans", ({ out }) => out.split("\n").length === 3);
    strictEqual((await operated.say("unban", "2001:db8::7")).code, 0);

    const texts = new Map<string, string>();
    for (const [program, url] of Object.entries(urls)) {
      deepStrictEqual(await get(`${url}/readyz`), [200, "ok\n"], program);
      deepStrictEqual(await get(`${url}/healthz`), [200, "ok\n"], program);
      const [status, text] = await get(`${url}/metrics`);
      strictEqual(status, 200);
      strictEqual(await promtool(text), "", program);
      ok(!/203\.0\.113|2001:db8|127\.0\.0\.1/.test(text), program);
      texts.set(program, text);
    }
    const hub = valuesOf(texts.get("publisher") ?? "");
    strictEqual(hub.get('f2bc_publisher_bans{jail="sshd",family="ipv4"}'), 1);
    strictEqual(
      hub.get('f2bc_publisher_bans{jail="sshd",family="ipv6"}'),
      undefined,
    );
    strictEqual(hub.get('f2bc_publisher_lifted_total{by="operator"}'), 1);
    strictEqual(
      hub.get('f2bc_operator_actions_total{verb="unban",by="cli"}'),
      1,
    );
    strictEqual(hub.get("f2bc_publisher_seq"), 3);
    // One for the unban, and as many as the lines were read in.
    const commits = hub.get("f2bc_publisher_commit_duration_seconds_count") ??
      0;
    ok(commits === 2 || commits === 3, `${commits}`);
    strictEqual(
      hub.get('f2bc_publisher_events_total{node="web1",outcome="accepted"}'),
      2,
    );
    const seen = hub.get('f2bc_node_last_seen_timestamp_seconds{node="web1"}');
    ok(Math.abs(Date.now() / 1_000 - (seen ?? 0)) < 120, `${seen}`);
    strictEqual(hub.get('f2bc_node_set_aside{node="web1"}'), 0);
    // It was never backed up: that it was at the beginning of time is no answer.
    strictEqual(hub.has("f2bc_publisher_backup_timestamp_seconds"), false);

    const monitor = valuesOf(texts.get("monitor") ?? "");
    strictEqual(
      monitor.get('f2bc_monitor_events_total{outcome="reported"}'),
      2,
    );
    strictEqual(
      monitor.get('f2bc_monitor_events_total{outcome="protected"}'),
      1,
    );
    strictEqual(monitor.get("f2bc_monitor_publisher_up"), 1);
    strictEqual(monitor.get("f2bc_monitor_unacknowledged"), 0);

    const subscriber = valuesOf(texts.get("subscriber") ?? "");
    strictEqual(subscriber.get("f2bc_subscriber_following"), 1);
    await waitUntil(async () => {
      const [, text] = await get(`${urls.subscriber}/metrics`);
      return valuesOf(text)
        .get('f2bc_subscriber_bans{action="exec",state="in_force"}') === 1;
    }, { what: "the ban of IPv4 in force, and no other" });
    ok(
      (subscriber.get(
        'f2bc_subscriber_action_duration_seconds_count{action="exec"}',
      ) ?? 0) > 0,
    );
  },
);

Deno.test("/healthz, status and doctor say the same of a program with a fault", async () => {
  const { operated, urls } = await watchedCluster();
  await using _operated = operated;
  const { cluster } = operated;
  await appendLog(
    cluster.logPath("web1"),
    "NOTICE of another form: [sshd] Ban 203.0.113.7\n",
  );
  const words = "no line of fail2ban's log begins as logformat says";
  await waitUntil(
    async () => (await get(`${urls.monitor}/healthz`))[0] === 503,
    { what: "a fault of the monitor" },
  );
  deepStrictEqual(await get(`${urls.monitor}/healthz`), [
    503,
    `log-not-understood: ${words}\n`,
  ]);
  const [, text] = await get(`${urls.monitor}/metrics`);
  match(text, /^f2bc_healthy 0$/m);
  match(text, /^f2bc_monitor_log_understood 0$/m);
  const figures = await cluster.figures("monitor", "web1");
  strictEqual(figures["health"], words);
  const { out } = await operated.sayOn("web1", "doctor");
  match(out, /^FAIL +fail2ban-monitor +no line of fail2ban's log begins/m);
});
