/**
 * fail2ban-cluster as a library: the pure core and the roles' classes. Nothing
 * here touches the world; `lib/io/` does, and is not exported.
 *
 * @example
 * ```ts
 * import { parseAddress, refusal } from "./mod.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * const address = parseAddress("127.0.0.1");
 * const policy = { minPrefix4Bits: 24, minPrefix6Bits: 48 };
 * strictEqual(address && refusal(address, policy)?.rule, "loopback");
 * ```
 *
 * @module
 */

export {
  type Address,
  type AddressParts,
  addressParts,
  canonicalAddress,
  MAX_ADDRESS_LENGTH,
  parseAddress,
} from "./lib/address.ts";

export {
  BanEnds,
  type BanEndsOptions,
  type EndlessBan,
} from "./lib/ban_ends.ts";

export { type BanEvent, type BanKind, type BanNews } from "./lib/ban_event.ts";

export {
  type Answer,
  ControlSession,
  type ControlSessionCounters,
  type ControlSessionOptions,
  type Conversation,
  type Lead,
  LostConversationError,
  type Welcome,
} from "./lib/control_session.ts";

export {
  ConfigError,
  type ConfigProblem,
  describeError,
  describeProblem,
  type ErrorDetails,
  type ErrorReport,
  EXIT_CODES,
  type ExitCode,
  ExpectedError,
  RuntimeError,
  UsageError,
} from "./lib/errors.ts";

export {
  eventIdOfLine,
  eventIdOfTicket,
  type LinePlace,
} from "./lib/event_id.ts";

export {
  EventLink,
  type EventLinkCounters,
  type EventLinkOptions,
} from "./lib/event_link.ts";

export {
  type ExistingBan,
  ExistingBans,
  type ExistingBansOptions,
} from "./lib/existing_bans.ts";

export {
  type JailTimes,
  type TicketRow,
  type TicketRows,
} from "./lib/host_ports.ts";

export { type HostName, parseHostName, sameHost } from "./lib/host_name.ts";

export { CLUSTER_JAIL, type JailName, parseJailName } from "./lib/jail_name.ts";

export { type EchoOracle } from "./lib/enforcement_ports.ts";

export { type ActionFailure } from "./lib/log_failure.ts";

export { type LogFormat } from "./lib/option_value.ts";

export { LogFollower, type LogFollowerOptions } from "./lib/log_follower.ts";

export {
  type LineRefusal,
  type LogEvent,
  MAX_EVENT_LINE_LENGTH,
  parseLine,
  type PlacedEvent,
  scanLines,
  scanPlaces,
} from "./lib/log_line.ts";

export {
  LogSession,
  type LogSessionOptions,
  type SharedEvent,
} from "./lib/log_session.ts";

export {
  Monitor,
  type MonitorCounters,
  type MonitorOptions,
} from "./lib/monitor.ts";

export {
  type BanAction,
  type Clock,
  type Connect,
  type DescriptorPoll,
  type DescriptorWatcher,
  type FileFacts,
  type FileIdentity,
  type Frames,
  type LineBatch,
  type LineSource,
  type Log,
  type LogFields,
  type LogFile,
  type LogFolder,
  type LogPosition,
  type MessageSocket,
  type OpenedLog,
  type PositionStore,
  type Severity,
  type TicketOracle,
  type TicketState,
} from "./lib/ports.ts";

export {
  type AddressSpan,
  addressSpan,
  type LabelledNetwork,
  NetworkSet,
} from "./lib/network_set.ts";

export {
  type CurrentPolicy,
  type GuardedNetworks,
  type ProtectionPolicy,
  type ProtectionRule,
  type Refusal,
  refusal,
} from "./lib/protection.ts";

export {
  type Protocol1Sockets,
  type Protocol2Sockets,
  Publisher,
  type PublisherOptions,
} from "./lib/publisher.ts";
export {
  judgeRequest,
  type RequestKeeping,
  RequestServer,
  type RequestServerCounters,
  type RequestServerOptions,
  type RequestVerdict,
} from "./lib/request_server.ts";

export { type ReporterCounters, type ReporterOptions } from "./lib/reporter.ts";

export { type Report, type ReportLink } from "./lib/report_link.ts";

export {
  RequestLink,
  type RequestLinkCounters,
  type RequestLinkOptions,
} from "./lib/request_link.ts";

export {
  RenewedSocket,
  type RenewedSocketOptions,
} from "./lib/renewed_socket.ts";

export {
  type BroadcastVerdict,
  judgeBroadcast,
  Subscriber,
  type SubscriberCounters,
  type SubscriberOptions,
} from "./lib/subscriber.ts";

export {
  countMissing,
  filesAfter,
  filesSince,
  findCopy,
  findPlace,
  inOrderOfRotation,
  isCompressedLogName,
  isLogName,
  type Look,
  nextStep,
  type OpenLog,
  plainLogName,
  type PrintedLogFile,
  sameFile,
  type Step,
  withoutDoubles,
} from "./lib/tail_cursor.ts";

export {
  decodeBroadcast,
  type Decoded,
  decodeRequest,
  encodeBroadcast,
  encodeRequest,
  MAX_MESSAGE_BYTES,
  MAX_REQUEST_BYTES,
  MAX_TOKEN_BYTES,
  NAK,
  type RejectReason,
  renderMessage,
  type Request,
} from "./lib/wire_v1.ts";
