/**
 * The publisher's sockets, and the public ports in front of them.
 *
 * @module
 */

import { EventLoopTurn } from "../../lib/async/io/event_loop_turn.ts";
import { CURVE_OPENING } from "../../lib/front/curve_opening.ts";
import {
  ENDPOINTS_OF_HANDSHAKE,
  shareDescriptors,
} from "../../lib/front/descriptor_share.ts";
import {
  Front,
  type FrontLimits,
  type InnerAddress,
} from "../../lib/front/front.ts";
import {
  BROADCAST_LIMITS,
  CONTROL_LIMITS,
  HTTP_LIMITS,
  PAGE_LIMITS,
  REPLY_LIMITS,
  STREAM_LIMITS,
} from "../../lib/front/front_limits.ts";
import { InnerEndpoints } from "../../lib/front/inner_endpoints.ts";
import type { ConnectInner } from "../../lib/front/ports.ts";
import type { HttpBind } from "../../lib/http/http_bind.ts";
import { InnerFolder } from "../../lib/front/io/inner_folder.ts";
import { openFilesLimit } from "../../lib/front/io/open_files.ts";
import {
  connectInner,
  PublicListener,
} from "../../lib/front/io/public_listener.ts";
import type { PortFacts } from "../../lib/metrics/publisher_samples.ts";
import type { Protocol1Service } from "../../lib/publisher/protocol1_server.ts";
import type { Protocol2Service } from "../../lib/publisher/protocol2_server.ts";
import {
  prefixedFigures,
  type StatusFigures,
} from "../../lib/service/status_report.ts";
import { MAX_MESSAGE_BYTES, MAX_REQUEST_BYTES } from "../../lib/wire/v1.ts";
import { MAX_CONTROL_BYTES, MAX_STREAM_BYTES } from "../../lib/wire/v2.ts";
import type { SecretKey } from "../../lib/zmq/curve_key.ts";
import type { ZmqContext } from "../../lib/zmq/io/zmq_socket.ts";
import type { BoundSocket } from "../../lib/zmq/ports.ts";
import type { ServerSecurity } from "../../lib/zmq/socket_options.ts";
import { letGroupUse, shownBind } from "./http_servers.ts";
import type { RoleContext } from "./invocation.ts";

/**
 * Number of messages that a slow protocol 1 subscriber may lag behind before it
 * loses some.
 */
const BROADCAST_QUEUE = 100_000;
/**
 * The same for the stream. Messages of up to 8 KiB make this at most 80 MiB,
 * shared by all subscribers.
 */
const STREAM_QUEUE = 10_000;
/**
 * Number of answers that may wait for a node, which has only a few open
 * questions.
 */
const ANSWER_QUEUE = 16;
/** Time for which sent messages are still delivered after a stop. */
const LINGER_MS = 500;

/**
 * A warning is logged only if the ports get less than one part in this many.
 */
const FEW_PARTS = 8;
const OPEN_FILES_HINT =
  "raise the limit (LimitNOFILE= of the unit, ulimit -n); status has what each port takes at most";

/** The bound sockets of protocol 2. */
export type BoundProtocol2 = Pick<
  Protocol2Service,
  "control" | "stream" | "zap" | "connections" | "listeners"
>;

/** What the ports need from the program. */
type Setting = Pick<RoleContext<"publisher">, "config" | "clock" | "log">;

/** Which ports to open. */
export interface ServedProtocols {
  readonly protocol1: boolean;
  readonly protocol2: boolean;
  readonly http: boolean;
  readonly page: boolean;
}

type PortName =
  | "broadcastPort"
  | "replyPort"
  | "streamPort"
  | "controlPort"
  | "httpPort"
  | "pagePort";
type PortLimits = Readonly<Record<PortName, FrontLimits>>;

const PROTOCOL1_LIMITS = {
  broadcastPort: BROADCAST_LIMITS,
  replyPort: REPLY_LIMITS,
};
const PROTOCOL2_LIMITS = {
  streamPort: STREAM_LIMITS,
  controlPort: CONTROL_LIMITS,
};
const HTTP_PORT_LIMITS = { httpPort: HTTP_LIMITS };
const PAGE_PORT_LIMITS = { pagePort: PAGE_LIMITS };

/** The public ports of a publisher; disposed of after ZeroMQ's sockets. */
export class PublicPorts implements AsyncDisposable {
  readonly #setting: Setting;
  readonly #turn = new EventLoopTurn();
  readonly #folder: InnerFolder;
  readonly #fronts = new Map<string, Front>();
  readonly #openFiles = openFilesLimit();
  readonly #limits: PortLimits;

  /**
   * @param setting The program's context.
   * @param served The ports to open.
   * @throws {RuntimeError} when the limit of open files is too low for them.
   */
  constructor(setting: Setting, served: ServedProtocols) {
    this.#setting = setting;
    this.#limits = this.#share(served);
    this.#folder = new InnerFolder();
  }

  /** The tasks to run, each until aborted. */
  get tasks(): readonly ((signal: AbortSignal) => Promise<void>)[] {
    return [...this.#fronts.values()].map((front) => (signal) =>
      front.run(signal)
    );
  }

  /** Connections and refusals of each port. */
  get facts(): readonly PortFacts[] {
    return [...this.#fronts].map(([port, { size, counters }]) => ({
      port,
      open: size,
      refused: { ...counters },
    }));
  }

  /** Totals for `status`. */
  get figures(): StatusFigures {
    const fronts = [...this.#fronts].map(([name, { size, max, counters }]) =>
      prefixedFigures(name, { open: size, max, ...counters })
    );
    const openFiles = Number.isFinite(this.#openFiles)
      ? { openFiles: this.#openFiles }
      : {};
    return Object.assign(openFiles, ...fronts);
  }

  /**
   * Binds the sockets of protocol 1.
   *
   * @throws {RuntimeError} when a port can't be had.
   */
  bindProtocol1(
    zeromq: ZmqContext,
  ): Pick<Protocol1Service, "broadcasts" | "hasListeners" | "replies"> {
    const { config } = this.#setting;
    const open = (name: PortName, url: string) => {
      const path = this.#folder.pathOf(name);
      this.#listen(name, url, { kind: "open", path });
      return `ipc://${path}`;
    };
    const { broadcasterBindUrl, replyBindUrl } = config;
    return {
      // Every subscriber has an open connection.
      hasListeners: () => (this.#fronts.get("broadcastPort")?.size ?? 0) > 0,
      broadcasts: zeromq.publisher(
        open("broadcastPort", broadcasterBindUrl),
        {
          maxMessageBytes: MAX_MESSAGE_BYTES,
          sendQueueMessages: BROADCAST_QUEUE,
          lingerMs: LINGER_MS,
        },
      ),
      replies: zeromq.router(open("replyPort", replyBindUrl), {
        maxMessageBytes: MAX_REQUEST_BYTES,
        lingerMs: LINGER_MS,
      }),
    };
  }

  /**
   * Binds the sockets of protocol 2; first the one that libzmq asks about each
   * connection.
   *
   * @throws {RuntimeError} when a port can't be had.
   */
  bindProtocol2(zeromq: ZmqContext, secretKey: SecretKey): BoundProtocol2 {
    const { streamBindUrl, controlBindUrl } = this.#setting.config;
    const zap = zeromq.zap();
    const stream = this.#bindAsked("streamPort", secretKey, {
      url: streamBindUrl,
      bind: (url, security) =>
        zeromq.publisher(url, {
          ...{ security, lingerMs: LINGER_MS },
          maxMessageBytes: MAX_STREAM_BYTES,
          sendQueueMessages: STREAM_QUEUE,
        }),
    });
    const control = this.#bindAsked("controlPort", secretKey, {
      url: controlBindUrl,
      bind: (url, security) =>
        zeromq.router(url, {
          ...{ security, lingerMs: LINGER_MS },
          maxMessageBytes: MAX_CONTROL_BYTES,
          sendQueueMessages: ANSWER_QUEUE,
        }),
    });
    return {
      zap,
      stream: stream.socket,
      control: control.socket,
      connections: { stream: stream.front, control: control.front },
      listeners: () => stream.front.size,
    };
  }

  /**
   * Listens for HTTP.
   *
   * @param name The port.
   * @param serve Serves one connection.
   * @throws {RuntimeError} when the port can't be had.
   */
  bindHttp(
    name: "httpPort" | "pagePort",
    { endpoint, url }: HttpBind,
    serve: ConnectInner,
  ): void {
    const inner = { kind: "open", path: this.#folder.pathOf(name) } as const;
    const key = name === "httpPort" ? "httpbindurl" : "pagebindurl";
    this.#listen(name, endpoint, inner, serve, shownBind(url, key));
    letGroupUse(endpoint);
  }

  /** Closes all connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      [...this.#fronts.values()].map((front) => front[Symbol.asyncDispose]()),
    );
    this.#folder[Symbol.dispose]();
  }

  #bindAsked(
    name: PortName,
    secretKey: SecretKey,
    { url, bind }: {
      readonly url: string;
      readonly bind: (url: string, security: ServerSecurity) => BoundSocket;
    },
  ) {
    // Nobody connects to this one: the socket needs a permanent address, and
    // the others are given up.
    const ownUrl = `ipc://${this.#folder.pathOf(name)}`;
    const socket = bind(ownUrl, { secretKey, zapDomain: name });
    const endpoints = new InnerEndpoints({
      max: ENDPOINTS_OF_HANDSHAKE * this.#limits[name].maxShaking,
      open: (number) => {
        const zapDomain = `${name}-${number}`;
        const path = this.#folder.pathOf(zapDomain);
        socket.bindAlso(`ipc://${path}`, zapDomain);
        return { path, zapDomain };
      },
      close: ({ path }) => {
        socket.unbind(`ipc://${path}`);
        this.#folder.remove(path);
      },
    });
    const front = this.#listen(name, url, {
      ...{ kind: "asked", endpoints },
      opening: CURVE_OPENING,
    });
    return { socket, front };
  }

  #share({ protocol1, protocol2, http, page }: ServedProtocols): PortLimits {
    const { log } = this.#setting;
    const openFiles = this.#openFiles;
    const all = {
      ...PROTOCOL1_LIMITS,
      ...PROTOCOL2_LIMITS,
      ...HTTP_PORT_LIMITS,
      ...PAGE_PORT_LIMITS,
    };
    const wanted: Readonly<Record<string, FrontLimits>> = {
      ...(protocol1 ? PROTOCOL1_LIMITS : {}),
      ...(protocol2 ? PROTOCOL2_LIMITS : {}),
      ...(http ? HTTP_PORT_LIMITS : {}),
      ...(page ? PAGE_PORT_LIMITS : {}),
    };
    const { limits, lackOf } = shareDescriptors(wanted, openFiles);
    // Thousands of connections still remain, so a small reduction needs no
    // warning.
    if (lackOf !== undefined && openFiles * FEW_PARTS < lackOf) {
      log.record(
        "warning",
        "the ports take fewer connections: few files may be open",
        { openFiles, wanted: lackOf, hint: OPEN_FILES_HINT },
      );
    }
    return { ...all, ...limits };
  }

  #listen(
    name: PortName,
    url: string,
    inner: InnerAddress,
    connect: ConnectInner = connectInner,
    shown: string = url,
  ): Front {
    const { clock, log } = this.#setting;
    const limits = this.#limits[name];
    const listener = new PublicListener(url, shown);
    const front = new Front({
      ...{ listener, inner, limits, clock, log },
      connect,
      turn: this.#turn,
    });
    this.#fronts.set(name, front);
    return front;
  }
}
