import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import TAIL_SCHEMA from "../../../docs/schemas/tail.json" with { type: "json" };
import { OperatedCluster } from "../../support/cluster/operated_cluster.ts";
import { roleCommand } from "../../support/cluster/test_cluster.ts";
import { appendLog, banLine } from "../../support/fail2ban/fail2ban_lines.ts";
import { waitUntil } from "../../support/host/wait_until.ts";
import { schemaFaults } from "../../support/values/json_schemas.ts";

/** `tail` on the hub, of which a test reads what it likes. */
function spawnTail(
  operated: OperatedCluster,
  ...words: readonly string[]
): Deno.ChildProcess {
  const { command, args } = roleCommand("cluster");
  const config = `${operated.cluster.dir}/hub/fail2ban-cluster.conf`;
  return new Deno.Command(command, {
    args: [...args, "tail", ...words, "--config", config],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** The lines of a stream, as they come. */
async function* linesOf(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<string, void, undefined> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = `${rest}${text}`.split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

/** Bans one address after the other until the first line comes: by then somebody watches. */
async function firstLine(
  operated: OperatedCluster,
  lines: AsyncGenerator<string, void, undefined>,
): Promise<string> {
  const first = lines.next();
  let [has, count] = [false, 0];
  first.then(() => has = true);
  await waitUntil(async () => {
    if (has) return true;
    const line = banLine("sshd", `198.51.100.${++count}`);
    await appendLog(operated.cluster.logPath("web1"), line);
    return false;
  }, { what: "a first line", timeoutMs: 30_000, intervalMs: 500 });
  return (await first).value ?? "";
}

/** Whether a program went without a word, and with which code. */
async function endOf(
  child: Deno.ChildProcess,
): Promise<{ readonly code: number; readonly err: string }> {
  const [{ code }, err] = await Promise.all([
    child.status,
    new Response(child.stderr).text(),
  ]);
  const ours = err.split("\n").filter((line) => line.startsWith("fail2ban-"));
  return { code, err: ours.join("\n") };
}

Deno.test("tail tells bans and ends as they happen, as a table and as JSON, until SIGINT or until nobody reads", async () => {
  await using operated = await OperatedCluster.start({
    hosts: ["web1", "web2"],
  });
  const tail = spawnTail(operated);
  const lines = linesOf(tail.stdout);
  match(
    await firstLine(operated, lines),
    /^\d\d:\d\d:\d\dZ {2}ban {5}198\.51\.100\.\d+ +sshd {2}web1 +\+\d\.\d{3} s {2}2\/2$/,
  );
  const json = spawnTail(operated, ...["--json", "--in", "198.51.0.0/16"]);
  const objects = linesOf(json.stdout);
  const ban = JSON.parse(await firstLine(operated, objects));
  deepStrictEqual(schemaFaults(TAIL_SCHEMA, ban), []);
  deepStrictEqual([ban.kind, ban.node, ban.enforced], ["ban", "web1", 2]);
  await operated.say("unban", "--all", "--yes");
  for await (const line of lines) {
    if (/ end .* operator$/.test(line)) break;
  }
  json.kill("SIGINT");
  deepStrictEqual(await endOf(json), { code: 0, err: "" });
  // The loop above has closed its end of the first one's pipe.
  await appendLog(
    operated.cluster.logPath("web2"),
    banLine("sshd", "203.0.113.9"),
  );
  deepStrictEqual(await endOf(tail), { code: 0, err: "" });
  await objects.return();
});

Deno.test("tail that nobody reads holds up neither the hub nor its own end", async () => {
  const count = 12_000;
  await using operated = await OperatedCluster.start({
    hosts: ["web1"],
    publisher: { ratelimit: "100000" },
  });
  const read = spawnTail(operated, "--json");
  const lines = linesOf(read.stdout);
  const stuck = spawnTail(operated, "--json");
  const neverRead = spawnTail(operated, "--json");
  await firstLine(operated, lines);
  const many = Array.from(
    { length: count },
    (_, at) => banLine("sshd", `203.${at >> 8}.113.${at & 255}`),
  ).join("");
  await appendLog(operated.cluster.logPath("web1"), many);
  let told = 0;
  for await (const line of lines) {
    const event = JSON.parse(line);
    if (event.kind === "ban" && event.address.startsWith("203.")) told++;
    ok(event.kind !== "lost", line);
    if (told === count) break;
  }
  const { out, code } = await operated.say("status", "--json");
  strictEqual(code, 0);
  ok(JSON.parse(out).bans >= count);
  // Whoever reads at last is told how much is left out.
  const late = linesOf(stuck.stdout);
  let lost = 0;
  for await (const line of late) {
    const event = JSON.parse(line);
    if (event.kind !== "lost") continue;
    lost = event.count;
    break;
  }
  ok(lost > 0);
  neverRead.kill("SIGINT");
  strictEqual((await endOf(neverRead)).code, 0);
  await neverRead.stdout.cancel();
  stuck.kill("SIGINT");
  read.kill("SIGTERM");
  strictEqual((await endOf(stuck)).code, 0);
  strictEqual((await endOf(read)).code, 0);
});

Deno.test("tail without a publisher says so, and one whose publisher ends does not wait for another", async () => {
  await using operated = await OperatedCluster.start({ hosts: ["web1"] });
  const tail = spawnTail(operated);
  const lines = linesOf(tail.stdout);
  await firstLine(operated, lines);
  await operated.stop("publisher", "hub");
  const end = await endOf(tail);
  strictEqual(end.code, 4);
  match(end.err, /error: .*its answer was cut/);
  const none = spawnTail(operated);
  const { code, err } = await endOf(none);
  strictEqual(code, 4);
  match(err, /error: the publisher does not run on this host/);
  await none.stdout.cancel();
  await lines.return();
});
