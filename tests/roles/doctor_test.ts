import { match, ok, strictEqual } from "node:assert/strict";
import { OperatorHosts } from "../support/cluster/operator_hosts.ts";

Deno.test("doctor tells a host that is nothing yet what to type, and exits with 4", async () => {
  await using hosts = await OperatorHosts.create("new");
  const { code, out } = await hosts.run("new", "doctor");
  strictEqual(code, 4);
  match(out, /^FAIL {2}programs .*neither a node nor a hub yet .* join CODE/m);
  match(out, /^\d faults?, \d warnings?$/m);
});

Deno.test("doctor names a line that can't be read, and the command that it gives mends that", async () => {
  await using hosts = await OperatorHosts.create("web");
  const config = hosts.config("web");
  await Deno.writeTextFile(config, "[monitor]\nlogfromat = file\n", {
    append: true,
  });
  const { code, out } = await hosts.run("web", "doctor --json");
  strictEqual(code, 4);
  const [{ subject, finding, fix }] = out.trim().split("\n").map((line) =>
    JSON.parse(line)
  );
  strictEqual(subject, "configuration");
  match(finding, /monitor\.logfromat/);
  const typed = await new Deno.Command("sh", { args: ["-c", fix] }).output();
  strictEqual(typed.code, 0);
  match((await hosts.run("web", "doctor")).out, /^ok {4}configuration /m);
});

Deno.test("report shows neither the token nor the addresses of a configuration, good or not", async () => {
  await using hosts = await OperatorHosts.create("hub");
  await hosts.run("hub", "init");
  const config = hosts.config("hub");
  const settings =
    "[general]\nhostname = hub-planted7\nignoreip = 203.0.113.77 2001:db8::77\n" +
    "[publisher]\nauthtoken = a-planted-token-0123456789\n";
  await Deno.writeTextFile(config, settings, { append: true });
  for (
    const wrong of ["", "[monitor]\nnonsense = a-planted-token-0123456789\n"]
  ) {
    await Deno.writeTextFile(config, wrong, { append: true });
    const { code, out } = await hosts.run("hub", "report");
    strictEqual(code, 0);
    match(out, /^== versions$/m);
    for (const text of ["a-planted", "203.0.113", "2001:db8", "hub-planted7"]) {
      ok(!out.includes(text), `${text}\n${out}`);
    }
  }
});
