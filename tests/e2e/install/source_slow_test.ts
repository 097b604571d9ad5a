import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { ChildProcess } from "../../support/host/child_process.ts";
import { banLine } from "../../support/fail2ban/fail2ban_lines.ts";
import {
  filesIn,
  PROJECT,
  runInstaller,
} from "../../support/install/installer.ts";
import { NetworkNamespace } from "../../support/host/network_namespace.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { heard } from "../../support/cluster/role_output.ts";
import { TempDir } from "../../support/host/temp_dir.ts";
import { ThrowawayRoot } from "../../support/host/throwaway_root.ts";
import { waitUntil } from "../../support/host/wait_until.ts";

const INSTALL = "/mnt/given/install.sh";
const LOG = "/var/log/fail2ban.log";
const LOCAL = "/etc/fail2ban-cluster/fail2ban-cluster.local";
const ADDRESS = "203.0.113.7";

/** What a node says of itself; the rest is as it was installed. */
function settings(host: string): string {
  return `[general]
hostname = ${host}
[monitor]
fail2bandb = none
authtoken = of-both-nodes
[publisher]
authtoken = of-both-nodes
[subscriber]
subscriberaction = log
`;
}

/** Starts an installed program as its service does: as the system user. */
function startService(root: ThrowawayRoot, role: string): ChildProcess {
  const user = ["fail2ban-cluster", "adm"].join(",");
  return new ChildProcess(root.inside([
    ...["setpriv", "--reuid=fail2ban-cluster", "--regid=fail2ban-cluster"],
    ...[`--groups=${user}`, "env", "-i", "PATH=/usr/bin:/bin"],
    ...[`/usr/local/bin/fail2ban-${role}`, "run"],
  ]));
}

/** A new system on which the project is installed from its sources. */
async function installedNode(
  host: string,
  netns: NetworkNamespace,
  held: AsyncDisposableStack,
): Promise<ThrowawayRoot> {
  const root = held.use(await ThrowawayRoot.create(PROJECT, netns.name));
  // On one of them the folder of programs is a link.
  if (host === "node-b") {
    await root.shell(
      "mkdir /opt/programs; rmdir /usr/local/bin; ln -s /opt/programs /usr/local/bin",
    );
  }
  const { code, stdout, stderr } = await root.run(
    ["sh", INSTALL, "install", "--from-source"],
    { PATH: await pathWithNpm() },
  );
  strictEqual(code, 0, stdout + stderr);
  await root.shell(`: >${LOG}; chown root:adm ${LOG}; chmod 640 ${LOG}
cat >${LOCAL} <<'END'
${settings(host)}END
chown root:fail2ban-cluster ${LOCAL}; chmod 640 ${LOCAL}`);
  return root;
}

/** Starts an installed program as an operator does, asks it, and stops it. */
async function startInBackground(
  root: ThrowawayRoot,
  role: string,
): Promise<void> {
  const program = `/usr/local/bin/fail2ban-${role}`;
  match(await root.shell(`${program} start`), /: started, with process id \d+/);
  match(
    await root.shell(`${program} status`),
    / runs on node-a with process id /,
  );
  match(await root.shell(`${program} stop`), /: stopped$/m);
}

/** The system's programs and npm, but no Deno. */
async function pathWithNpm(): Promise<string> {
  const { stdout } = await new Deno.Command("sh", {
    args: ["-c", "command -v npm"],
  }).output();
  const npm = new TextDecoder().decode(stdout).trim();
  const dir = npm.slice(0, npm.lastIndexOf("/"));
  return `${dir}:/usr/sbin:/usr/bin:/sbin:/bin`;
}

testWith(
  ["netns", "npm", "overlay", "setpriv"],
  "on two hosts with nothing but Node and npm the demo runs, and install --from-source makes nodes that a ban crosses",
  async () => {
    await using netns = await NetworkNamespace.create();
    await using held = new AsyncDisposableStack();
    const [a, b] = await Promise.all([
      installedNode("node-a", netns, held),
      installedNode("node-b", netns, held),
    ]);
    const demo = await b.run(
      ["sh", "-c", "cd /mnt/given && npx -y deno@2.9.6 task demo"],
      { PATH: await pathWithNpm() },
    );
    strictEqual(demo.code, 0, demo.stderr);
    match(demo.stdout, /all stopped and removed after/);
    await using publisher = startService(a, "publisher");
    await publisher.waitForLine(/: ready/);
    await using subscriber = startService(b, "subscriber");
    await subscriber.waitForLine(/: ready/);
    await using monitor = startService(a, "monitor");
    await monitor.waitForLine(/: ready/);
    const line = banLine("sshd", ADDRESS);
    await a.shell(`printf '%s\\n' '${line}' >>${LOG}`);
    await waitUntil(() => heard(subscriber).length > 0, {
      what: "the ban on node-b",
    });
    deepStrictEqual(heard(subscriber), [`node-a|sshd|Ban|${ADDRESS}`]);
    match(await a.shell("/usr/local/bin/fail2ban-monitor status"), /node-a/);
    for (const child of [monitor, subscriber, publisher]) {
      strictEqual((await child.end()).code, 0, child.stderr.join("\n"));
    }
    await startInBackground(a, "publisher");
    const { stdout } = await a.run(["sh", INSTALL, "verify"]);
    match(stdout, /is what was installed$/m);
    await a.shell(`sh ${INSTALL} uninstall`);
    const left = await a.shell(
      "find /usr/local -type f; ls /etc/fail2ban-cluster",
    );
    strictEqual(left, "fail2ban-cluster.conf\nfail2ban-cluster.local\nkept\n");
  },
);

Deno.test("--from-source installs executables where they can be compiled", async () => {
  await using dir = await TempDir.create();
  const { code, said, complained } = await runInstaller(
    ["install", "--from-source", "--destdir", dir.path("root")],
    {
      env: {
        DENO: Deno.execPath(),
        // Not the real one, but `deno compile` takes it for that.
        DENORT_BIN: await Deno.realPath("/bin/true"),
      },
    },
  );
  strictEqual(code, 0, complained.join("\n"));
  ok(said.some((line) => / MB for /.test(line)), said.join("\n"));
  const files = await filesIn(dir.path("root"));
  ok(!files.some((path) => path.endsWith("/deno")), files.join("\n"));
  const program = dir.path("root/usr/local/bin/fail2ban-monitor");
  const { size } = await Deno.stat(program);
  ok(size > 1_000_000, `${size} bytes`);
});

testWith(
  "npm",
  "a Deno from npm that is not what it should be is refused",
  async () => {
    await using dir = await TempDir.create();
    await Deno.mkdir(dir.path("bin"));
    await dir.write(
      "bin/npm",
      '#!/bin/sh\necho evil >"$4/evil.tgz"\n',
      0o755,
    );
    const { code, complained } = await runInstaller(
      ["install", "--from-source", "--destdir", dir.path("root")],
      { env: { PATH: `${dir.path("bin")}:/usr/bin:/bin`, DENO: "" } },
    );
    strictEqual(code, 4);
    match(
      complained[0] ?? "",
      /^from_source\.sh: error: @deno\/\S+ is not what it should be: expected [0-9a-f]{128}, got [0-9a-f]{128}$/,
    );
    deepStrictEqual(
      (await Array.fromAsync(Deno.readDir(dir.path()))).map(({ name }) => name),
      ["bin"],
    );
  },
);

Deno.test("--from-source without npm, or with an npm that reaches nothing, says what to do", async () => {
  await using dir = await TempDir.create();
  await Deno.mkdir(dir.path("bin"));
  await dir.write("bin/npm", "#!/bin/sh\nexit 1\n", 0o755);
  const { code, complained } = await runInstaller(
    ["install", "--from-source", "--destdir", dir.path("root")],
    { env: { PATH: `${dir.path("bin")}:/usr/bin:/bin`, DENO: "" } },
  );
  strictEqual(code, 4);
  match(complained[0] ?? "", /error: npm can't get @deno\/\S+@\d+\.\d+\.\d+$/);
  match(complained[1] ?? "", /hint: let npm reach its registry, or let DENO/);
});

Deno.test("--from-source has Deno use npm's registry and certificates, says what failed, and leaves nothing", async () => {
  await using dir = await TempDir.create();
  for (const name of ["bin", "tmp"]) await Deno.mkdir(dir.path(name));
  const answers = "registry) echo http://127.0.0.1:9/npm/ ;; cafile) echo /ca";
  await dir.write(
    "bin/npm",
    `#!/bin/sh\ncase $3 in ${answers} ;; esac\n`,
    0o755,
  );
  const env = { PATH: `${dir.path("bin")}:/usr/bin:/bin`, DENO: "bin/deno" };
  const seen = [];
  for (const exitCode of [1, 4]) {
    await dir.write(
      "bin/deno",
      `#!/bin/sh
echo "$NPM_CONFIG_REGISTRY $DENO_CERT" >>${dir.path("seen")}
mktemp -d -p "$TMPDIR"
exit ${exitCode}
`,
      0o755,
    );
    const { code, stderr } = await new Deno.Command("sh", {
      args: [`${PROJECT}/tools/from_source.sh`, "release"],
      cwd: dir.path(),
      env: { ...env, TMPDIR: dir.path("tmp") },
    }).output();
    strictEqual(code, 4);
    const said = new TextDecoder().decode(stderr);
    match(said, /^from_source\.sh: error: Deno could make no release of /);
    seen.push((await Deno.readTextFile(dir.path("seen"))).split("\n").length);
    deepStrictEqual(await Array.fromAsync(Deno.readDir(dir.path("tmp"))), []);
  }
  deepStrictEqual(seen, [2, 4], "only what can't be compiled is run as it is");
  deepStrictEqual(
    new Set((await Deno.readTextFile(dir.path("seen"))).trim().split("\n")),
    new Set(["http://127.0.0.1:9/npm/ /ca"]),
  );
});

Deno.test("the Deno that is installed is the one that the README names", async () => {
  const script = await Deno.readTextFile(`${PROJECT}/tools/from_source.sh`);
  const version = /^DENO_VERSION=(\S+)$/m.exec(script)?.[1] ?? "";
  match(version, /^\d+\.\d+\.\d+$/);
  for (const name of ["README.md", "CONTRIBUTING.md", ".ci/run"]) {
    const text = await Deno.readTextFile(`${PROJECT}/${name}`);
    const named = new Set(text.match(/(?<=deno@)\d+\.\d+\.\d+/g));
    deepStrictEqual([...named], [version], name);
  }
});
