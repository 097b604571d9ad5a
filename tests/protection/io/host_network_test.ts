import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import {
  SystemHostNetwork,
  type SystemHostNetworkOptions,
} from "../../../lib/protection/io/host_network.ts";
import { singleAddress } from "../../../lib/protection/proc_net.ts";

const ROUTES4 = `Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask
eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000
`;
const NONE = "0".repeat(32);
const ROUTES6 =
  `${NONE} 00 ${NONE} 00 20010db8000000000000000000000001 00000400 00000002 00000000 00000003     eth0\n`;

/** Files of a host, by option. */
interface Files {
  readonly routes4?: string;
  readonly routes6?: string;
  readonly resolvers?: readonly string[];
}

/** Reads a host's network from files in a folder of their own. */
async function readFrom(files: Files) {
  const dir = await Deno.makeTempDir();
  const put = async (name: string, text: string | undefined) => {
    const path = `${dir}/${name}`;
    if (text !== undefined) await Deno.writeTextFile(path, text);
    return path;
  };
  try {
    const options: SystemHostNetworkOptions = {
      routes4Path: await put("route", files.routes4),
      routes6Path: await put("ipv6_route", files.routes6),
      resolverPaths: await Promise.all(
        (files.resolvers ?? []).map((text, index) => put(`r${index}`, text)),
      ),
    };
    const { own: _, problems, ...network } = await new SystemHostNetwork(
      options,
    )
      .read();
    return {
      ...network,
      problems: problems.map((problem) => problem.replace(dir, "DIR")),
    };
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("read() lists the addresses of every interface, as the system has them", async () => {
  const { own, problems } = await new SystemHostNetwork().read();
  const expected = Deno.networkInterfaces().map(({ address }) =>
    singleAddress(address)
  );
  deepStrictEqual(own, expected);
  ok(own?.some((address) => address === "127.0.0.1"), String(own));
  deepStrictEqual(problems, []);
});

Deno.test("read() finds the gateways and name servers of this host, which no ordinary way of reading gives", async () => {
  const { gateways, resolvers } = await new SystemHostNetwork().read();
  const routes = await new Deno.Command("cat", { args: ["/proc/net/route"] })
    .output();
  const hasDefault = new TextDecoder().decode(routes.stdout).split("\n")
    .some((line) => /^\S+\t00000000\t(?!00000000)/.test(line));
  const has4 = gateways?.some((gateway) => !gateway.includes(":"));
  strictEqual(has4, hasDefault);
  ok(Array.isArray(resolvers));
});

Deno.test("read() joins both tables of routes, and all files of name servers", async () => {
  deepStrictEqual(
    await readFrom({
      routes4: ROUTES4,
      routes6: ROUTES6,
      resolvers: [
        "nameserver 127.0.0.53\n",
        "nameserver 192.0.2.53\nnameserver 127.0.0.53\n",
      ],
    }),
    {
      gateways: ["192.0.2.1", "2001:db8::1"],
      resolvers: ["127.0.0.53", "192.0.2.53"],
      problems: [],
    },
  );
});

Deno.test("read() reads a table that is longer than one read gives", async () => {
  const network = "eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\n";
  const routes4 = network.repeat(5_000) + ROUTES4;
  const { gateways } = await readFrom({ routes4, resolvers: [] });
  deepStrictEqual(gateways, ["192.0.2.1"]);
});

Deno.test("read() takes a host without IPv6 and without resolv.conf for what it is", async () => {
  const dir = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${dir}/route`, ROUTES4);
    const { gateways, resolvers, problems } = await new SystemHostNetwork({
      routes4Path: `${dir}/route`,
      routes6Path: `${dir}/missing`,
      resolverPaths: [`${dir}/missing`],
    }).read();
    deepStrictEqual(gateways, ["192.0.2.1"]);
    deepStrictEqual(resolvers, []);
    deepStrictEqual(problems, []);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("read() says what can't be told, and tells the rest", async () => {
  const { gateways, resolvers, problems } = await readFrom({
    routes6: ROUTES6,
    resolvers: ["nameserver 192.0.2.53\n"],
  });
  strictEqual(gateways, undefined);
  deepStrictEqual(resolvers, ["192.0.2.53"]);
  deepStrictEqual(problems, ["cannot read DIR/route"]);
  const folder = await new SystemHostNetwork({ resolverPaths: ["/"] }).read();
  strictEqual(folder.resolvers, undefined);
  deepStrictEqual(folder.problems, ["cannot read /"]);
});

Deno.test("read() leaves no descriptor open", async () => {
  const source = new SystemHostNetwork();
  const count = () => [...Deno.readDirSync("/proc/self/fd")].length;
  await source.read();
  const before = count();
  for (let round = 0; round < 20; round++) await source.read();
  ok(count() <= before, `${count()} descriptors, ${before} before`);
});

Deno.test("read() works with the permissions of each program", async () => {
  const root = decodeURIComponent(
    new URL("../../../", import.meta.url).pathname,
  );
  const script = `
    import { SystemHostNetwork } from "${root}lib/protection/io/host_network.ts";
    const { own, gateways, problems } = await new SystemHostNetwork().read();
    console.log(JSON.stringify([own?.includes("127.0.0.1"), gateways !== undefined, problems]));
  `;
  const path = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(path, script);
    for (const role of ["monitor", "publisher", "subscriber"]) {
      const { stdout } = await new Deno.Command(Deno.execPath(), {
        args: [
          "run",
          "--quiet",
          "--no-prompt",
          "--config",
          `${root}deno.json`,
          `-P=${role}`,
          path,
        ],
        stderr: "null",
      }).output();
      strictEqual(new TextDecoder().decode(stdout), "[true,true,[]]\n", role);
    }
  } finally {
    await Deno.remove(path);
  }
});
