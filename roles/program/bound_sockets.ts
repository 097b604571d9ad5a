/**
 * The publisher's sockets, and the public ports before them.
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

/** Messages of protocol 1 that a slow subscriber may be behind before it misses some. */
const BROADCAST_QUEUE = 100_000;
/** The same of the stream, whose messages have many changes where many come: of 8 KiB at most they are 80 MiB, for all subscribers together. */
const STREAM_QUEUE = 10_000;
/** Answers that may wait for a node: it has a few questions on their way, no more. */
const ANSWER_QUEUE = 16;
/** What was sent is still delivered for so long after a stop. */
const LINGER_MS = 500;

/** With less than this part of what the ports would like they are said to take fewer. */
const FEW_PARTS = 8;
const OPEN_FILES_HINT =
  "raise the limit (LimitNOFILE= of the unit, ulimit -n); status has what each port takes at most";

/** What protocol 2 is served with. */
export type BoundProtocol2 = Pick<
  Protocol2Service,
  "control" | "stream" | "zap" | "connections" | "listeners"
>;

/** What ports need beside sockets. */
type Setting = Pick<RoleContext<"publisher">, "config" | "clock" | "log">;

/** Which ports there are. */
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
   * @param setting What the ports are made with.
   * @param served Which of them there will be.
   * @throws {RuntimeError} when too few files may be open for them.
   */
  constructor(setting: Setting, served: ServedProtocols) {
    this.#setting = setting;
    this.#limits = this.#share(served);
    this.#folder = new InnerFolder();
  }

  /** What has to run, each until aborted. */
  get tasks(): readonly ((signal: AbortSignal) => Promise<void>)[] {
    return [...this.#fronts.values()].map((front) => (signal) =>
      front.run(signal)
    );
  }

  /** What each has, and whom it turned away. */
  get facts(): readonly PortFacts[] {
    return [...this.#fronts].map(([port, { size, counters }]) => ({
      port,
      open: size,
      refused: { ...counters },
    }));
  }

  /** What they did so far, for `status`. */
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
      // Whoever has subscribed has connected before.
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
   * Binds the sockets of protocol 2, and before them the one that libzmq asks
   * who may connect.
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
   * @param name As which port.
   * @param serve Answers whoever is behind one connection.
   * @throws {RuntimeError} when the port can't be had.
   */
  bindHttp(
    name: "httpPort" | "pagePort",
    { endpoint, url }: HttpBind,
    serve: ConnectInner,
  ): void {
    const inner = { kind: "open", path: this.#folder.pathOf(name) } as const;
    this.#listen(name, endpoint, inner, serve, shownBind(url));
    letGroupUse(endpoint);
  }

  /** Ends the connections. */
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
    // Nobody connects here: an address can be given up, and a socket has one.
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
    // Thousands of connections are fewer, and nobody misses the others.
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
