/**
 * Draws the README's picture, for light and dark pages: the connections between
 * programs, with their ports. With `--check` it changes nothing and reports
 * differences.
 *
 * ```
 * deno task pictures [--check]
 * ```
 *
 * @module
 */

import { OPTIONS } from "../lib/config/options.ts";

/** Colours of a theme. */
interface Palette {
  readonly page: string;
  readonly text: string;
  readonly quiet: string;
  readonly line: string;
  readonly box: string;
  readonly report: string;
  readonly change: string;
}

const PALETTES: Readonly<Record<"light" | "dark", Palette>> = {
  light: {
    page: "#ffffff",
    text: "#1f2328",
    quiet: "#59636e",
    line: "#818b98",
    box: "#f6f8fa",
    report: "#b42318",
    change: "#0550ae",
  },
  dark: {
    page: "#0d1117",
    text: "#f0f6fc",
    quiet: "#9aa4af",
    line: "#59636e",
    box: "#161b22",
    report: "#ff8f85",
    change: "#79c0ff",
  },
};

const WIDTH = 640;
const HEIGHT = 470;
const BOX_WIDTH = 280;
const LEFT = 12;
const RIGHT = WIDTH - LEFT - BOX_WIDTH;
const HUB_TOP = 338;
const BOX_BOTTOM = 208;
const ALT =
  "web1's fail2ban bans an address; fail2ban-monitor reports it to the hub's port CONTROL; " +
  "fail2ban-publisher checks, stores and numbers it and tells the stream, port STREAM; " +
  "fail2ban-subscriber on web2 and every other node bans it there and sends a receipt.";

/** The port in the default URL of an option. */
function portOf(key: "controlbindurl" | "streambindurl"): string {
  return /\d+$/.exec(`${OPTIONS.publisher[key].default}`)?.[0] ?? "";
}

/**
 * Draws the picture for a theme.
 *
 * @param theme The theme.
 * @returns SVG, one element per line.
 */
export function clusterPicture(theme: "light" | "dark"): string {
  const colours = PALETTES[theme];
  const [control, stream] = [portOf("controlbindurl"), portOf("streambindurl")];
  const alt = ALT.replace("CONTROL", control).replace("STREAM", stream);
  const words = (x: number, y: number, text: string, more = "") =>
    `<text x="${x}" y="${y}"${more && ` ${more}`}>${text}</text>`;
  const bold = `font-weight="600"`;
  const quiet = `fill="${colours.quiet}" font-size="18"`;
  const box = (x: number, y: number, width: number, height: number) =>
    `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="10" fill="${colours.box}" stroke="${colours.line}" stroke-width="2"/>`;
  const arrow = (name: "report" | "change", way: string) =>
    `<path d="${way}" fill="none" stroke="${
      colours[name]
    }" stroke-width="3" marker-end="url(#${name})"/>`;
  const head = (name: "report" | "change") =>
    `<marker id="${name}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="6" markerHeight="6" orient="auto-start-reverse"><path d="M0 0 10 5 0 10z" fill="${
      colours[name]
    }"/></marker>`;
  const [monitor, subscriber] = [LEFT + 70, RIGHT + 70];
  const between = `M${monitor} ${BOX_BOTTOM}V${HUB_TOP - 4}`;
  const up = `M${subscriber} ${HUB_TOP}V${BOX_BOTTOM + 4}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" font-family="system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif" font-size="21" fill="${colours.text}">`,
    `<title>${alt}</title>`,
    `<defs>${head("report")}${head("change")}</defs>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="${colours.page}"/>`,
    box(LEFT, 12, BOX_WIDTH, BOX_BOTTOM - 12),
    words(LEFT + 18, 46, "web1", bold),
    words(LEFT + 18, 86, "fail2ban bans"),
    arrow("report", `M${monitor} 98V132`),
    words(monitor + 16, 122, "its log", quiet),
    words(LEFT + 18, 162, "fail2ban-monitor"),
    words(LEFT + 18, 190, "reports until acknowledged", quiet),
    box(RIGHT, 12, BOX_WIDTH, BOX_BOTTOM - 12),
    words(RIGHT + 18, 46, "web2, web3, ...", bold),
    words(RIGHT + 18, 86, "nftables or fail2ban"),
    arrow("change", `M${subscriber} 138V102`),
    words(subscriber + 16, 126, "bans it as well", quiet),
    words(RIGHT + 18, 162, "fail2ban-subscriber"),
    words(RIGHT + 18, 190, "has a copy of all bans", quiet),
    arrow("report", between),
    words(monitor + 16, 252, `to port ${control}`, `fill="${colours.report}"`),
    words(monitor + 16, 280, "encrypted,", quiet),
    words(monitor + 16, 304, "members only", quiet),
    arrow("change", up),
    words(
      subscriber + 16,
      252,
      `from port ${stream}`,
      `fill="${colours.change}"`,
    ),
    words(subscriber + 16, 280, `receipts to ${control};`, quiet),
    words(subscriber + 16, 304, "nodes open no port", quiet),
    box(LEFT, HUB_TOP, WIDTH - 2 * LEFT, HEIGHT - 12 - HUB_TOP),
    words(LEFT + 18, HUB_TOP + 36, "hub", bold),
    words(LEFT + 80, HUB_TOP + 36, "fail2ban-publisher"),
    words(
      LEFT + 18,
      HUB_TOP + 68,
      "may it be banned? stored, then numbered, then told",
    ),
    words(
      LEFT + 18,
      HUB_TOP + 98,
      "fail2ban-cluster: status, why, ban, unban, allow, doctor",
      quiet,
    ),
    "</svg>",
    "",
  ].join("\n");
}

/** Runs the program. @returns The exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const isCheck = args[0] === "--check";
  if (args.length > (isCheck ? 1 : 0)) {
    await say("usage: render_picture.ts [--check]");
    return 2;
  }
  let code = 0;
  for (const theme of ["light", "dark"] as const) {
    const name = `docs/pictures/cluster-${theme}.svg`;
    const path = new URL(`../${name}`, import.meta.url);
    const picture = clusterPicture(theme);
    if (!isCheck) await Deno.writeTextFile(path, picture);
    else if (await Deno.readTextFile(path) !== picture) {
      await say(`${name} differs: deno task pictures writes it`);
      code = 1;
    }
  }
  return code;
}

async function say(line: string): Promise<void> {
  await Deno.stderr.write(new TextEncoder().encode(`${line}\n`));
}

if (import.meta.main) Deno.exit(await main(Deno.args));
