import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { validate } from "dockerfile-utils";
import { parse } from "yaml";
import deno from "../../deno.json" with { type: "json" };
import { loadConfig, type Role } from "../../lib/config/config.ts";
import { OPTIONS } from "../../lib/config/options.ts";
import { TARGETS } from "../../tools/compile/targets.ts";
import { TempDir } from "../support/host/temp_dir.ts";
import { roleCommand } from "../support/cluster/test_cluster.ts";

const ROOT = new URL("../../", import.meta.url);
const SHA = /^[\w-]+\/[\w-]+@[0-9a-f]{40}$/;
/** The trial speaks protocol 2. */
const TRIAL_URLS: Readonly<Record<Role, readonly string[]>> = {
  publisher: [
    "controlbindurl = tcp://0.0.0.0:5681",
    "streambindurl = tcp://0.0.0.0:5682",
  ],
  monitor: ["controlserver = tcp://hub:5681"],
  subscriber: ["controlserver = tcp://hub:5681"],
};

interface Compose {
  readonly services: Readonly<
    Record<string, {
      readonly build: { readonly target: string };
      readonly image: string;
      readonly configs: readonly { readonly source: string }[];
      readonly volumes: readonly string[];
      readonly read_only: boolean;
    }>
  >;
  readonly configs: Readonly<Record<string, { readonly content: string }>>;
  readonly volumes: Readonly<Record<string, null>>;
}

interface Workflow {
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<
    Record<string, {
      readonly "timeout-minutes": number;
      readonly needs?: readonly string[];
      readonly steps: readonly {
        readonly uses?: string;
        readonly run?: string;
      }[];
    }>
  >;
}

async function read(name: string): Promise<string> {
  return await Deno.readTextFile(new URL(name, ROOT));
}

/** The stages of the Dockerfile that are programs: name and lines. */
async function programStages(): Promise<ReadonlyMap<string, string>> {
  const stages = (await read("Dockerfile")).split(/^(?=FROM )/m).slice(1);
  return new Map(
    stages.filter((stage) => stage.includes("ENTRYPOINT")).map((stage) => [
      /^FROM \S+ AS (\S+)/.exec(stage)?.[1] ?? "",
      stage,
    ]),
  );
}

Deno.test("the Dockerfile is one that a parser has no complaint about", async () => {
  const problems = validate(await read("Dockerfile"));
  deepStrictEqual(
    problems.map(({ message, range }) => ({ message, range })),
    [],
  );
});

Deno.test("every program that stays has a stage, not root's, with a health check", async () => {
  const stages = await programStages();
  deepStrictEqual(
    [...stages.keys()].toSorted(),
    Object.keys(deno.permissions)
      .filter((role) => role === "node" || Object.hasOwn(OPTIONS, role))
      .toSorted(),
  );
  for (const [role, stage] of stages) {
    const program = `"/usr/local/bin/fail2ban-${role}"`;
    ok(stage.includes("\nUSER fail2ban-cluster\n"), role);
    ok(stage.includes(`CMD [${program}, "status"]\n`), role);
    ok(stage.includes(`\nENTRYPOINT [${program}]\n`), role);
  }
});

Deno.test("the images say what they are, whose stage has the user that all have", async () => {
  const stages = (await read("Dockerfile")).split(/^(?=FROM )/m);
  const base = stages.find((stage) => / AS base$/m.test(stage)) ?? "";
  for (const label of ["title", "description", "licenses"]) {
    match(base, new RegExp(`org\\.opencontainers\\.image\\.${label}="\\S`));
  }
  match(base, new RegExp(`licenses="${deno.license}"`));
});

Deno.test("the trial's nodes are stages of the Dockerfile, and their configuration is good, and of protocol 2", async () => {
  const compose: Compose = parse(await read("compose.yaml"), { merge: true });
  const stages = await programStages();
  const shipped = await read("fail2ban-cluster.conf");
  const { keys, ...nodes } = compose.services;
  deepStrictEqual(Object.keys(nodes), ["hub", "node-a", "node-b"]);
  ok(keys !== undefined);
  for (const [hostname, service] of Object.entries(nodes)) {
    const { build: { target }, configs, volumes, read_only } = service;
    ok(stages.has(target), target);
    strictEqual(read_only, true);
    for (const volume of volumes) {
      ok(Object.hasOwn(compose.volumes, volume.split(":")[0] ?? ""), volume);
    }
    const texts = configs.map(({ source }) => compose.configs[source]?.content);
    const files = [shipped, ...texts].map((text, index) => ({
      path: `/${index}`,
      text: text ?? "",
      isWorldReadable: false,
    }));
    const role = target as Role;
    deepStrictEqual(loadConfig(role, files, { hostname }).warnings, []);
    const urls = texts.flatMap((text) => text?.match(/\w+ = tcp:.*/g) ?? []);
    deepStrictEqual(urls, TRIAL_URLS[role]);
  }
});

Deno.test("the trial's images have a place of one's own, by default one that no registry has", async () => {
  const compose: Compose = parse(await read("compose.yaml"), { merge: true });
  for (const { build: { target }, image } of Object.values(compose.services)) {
    strictEqual(
      image,
      `\${F2BC_IMAGES:-localhost/fail2ban-cluster}/${target}:\${F2BC_VERSION:-latest}`,
    );
  }
});

Deno.test("the trial's keys make its nodes members, once, and what was interrupted is completed", async () => {
  const compose: Compose = parse(await read("compose.yaml"), { merge: true });
  const content = compose.configs["keys"]?.content.replaceAll("$$", "$") ?? "";
  await using dir = await TempDir.create();
  const { command, args } = roleCommand("cluster");
  const shim = `#!/bin/sh\nexec '${command}' ${
    args.map((arg) => `'${arg}'`).join(" ")
  } "$@"\n`;
  await Deno.mkdir(dir.path("bin"));
  await Deno.chmod(await dir.write("bin/fail2ban-cluster", shim), 0o755);
  const script = content.replace(/\/(?:tmp|state)\//g, `${dir.path()}/`)
    .replace("chown", ": chown");
  for (const host of ["hub", "node-a", "node-b"]) {
    await Deno.mkdir(dir.path(host));
  }
  const run = async () => {
    const { code, stderr } = await new Deno.Command("sh", {
      args: ["-euc", script],
      env: { PATH: `${dir.path("bin")}:/usr/bin:/bin` },
    }).output();
    strictEqual(code, 0, new TextDecoder().decode(stderr));
  };
  const membership = (node: string) =>
    Deno.readTextFile(dir.path(`${node}/membership.json`));
  await run();
  const [a, b] = [await membership("node-a"), await membership("node-b")];
  match(a, /"node": "node-a"/);
  match(a, /"controlUrl": "tcp:\/\/hub:5681"/);
  await run();
  strictEqual(await membership("node-a"), a);
  await Deno.remove(dir.path("node-b/membership.json"));
  await run();
  strictEqual(await membership("node-a"), a);
  ok(await membership("node-b") !== b);
});

Deno.test("the publisher's image exposes the port of every URL that it binds as it is shipped", async () => {
  const stage = (await programStages()).get("publisher") ?? "";
  const exposed = /^EXPOSE (.*)$/m.exec(stage)?.[1]?.split(" ");
  const bound = Object.entries(OPTIONS.publisher)
    .filter(([key]) => key.endsWith("bindurl"))
    .flatMap(([, option]) => /\d+$/.exec(String(option.default))?.[0] ?? []);
  deepStrictEqual(exposed?.toSorted(), bound.toSorted());
});

for (const name of ["ci.yml", "release.yml"]) {
  Deno.test(`the workflow ${name} may only read, ends in time, and pins what it uses`, async () => {
    const text = await read(`.github/workflows/${name}`);
    const workflow: Workflow = parse(text);
    deepStrictEqual(workflow.permissions, { contents: "read" });
    for (
      const [job, { steps, needs = [], ...about }] of Object.entries(
        workflow.jobs,
      )
    ) {
      ok(about["timeout-minutes"] > 0, job);
      for (const other of needs) ok(Object.hasOwn(workflow.jobs, other), other);
      for (const { uses, run } of steps) {
        if (uses !== undefined) match(uses, SHA);
        else ok(run !== undefined, job);
      }
    }
  });
}

Deno.test("the workflows run tests as root, with the parts that they need", async () => {
  for (const name of ["ci.yml", "release.yml"]) {
    const { jobs }: Workflow = parse(await read(`.github/workflows/${name}`));
    const runs = Object.values(jobs).flatMap(({ steps }) => steps)
      .flatMap(({ run }) => run ?? []);
    const tests = runs.filter((run) => /deno@\S+ test|\.ci\/run/.test(run));
    ok(tests.length > 0, name);
    for (const run of tests) {
      match(
        run,
        /^(?:sudo -E env "PATH=\$PATH" bash \.ci\/run|bash \.ci\/install_parts(?: slow)?\nsudo -E env "PATH=\$PATH" .*\n)$/,
      );
    }
  }
});

Deno.test("what is on a tag is tested, compiled for every target, and only then published", async () => {
  const text = await read(".github/workflows/release.yml");
  for (const target of Object.keys(TARGETS)) {
    ok(text.includes(`{ target: ${target}, `), target);
  }
  const { jobs }: Workflow = parse(text);
  deepStrictEqual(jobs["publish"]?.needs, ["test", "compile", "containers"]);
});
