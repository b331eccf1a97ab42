import type {
  DurationOption,
  FlagOption,
  NumberOption,
  OptionTable,
  OptionValues,
  TextOption,
} from "../command-line/option.ts";

/** The options that all servers share: `serve`, `auth` and `depot`. */
export const serverOptionTable = {
  status: {
    kind: "text",
    placeholder: "ADDRESS",
    description:
      "serve /healthz, /readyz and /metrics here: a port, HOST:PORT or the path of a Unix socket (default: off)",
  },
  grace: {
    kind: "duration",
    bareUnit: "s",
    min: 0,
    max: 86_400,
    default: 60,
    description: "how long requests in progress can take to finish after SIGTERM",
  },
  maxConnections: {
    kind: "number",
    placeholder: "NUMBER",
    min: 1,
    max: 1_000_000,
    default: 1000,
    description: "maximum simultaneous connections",
  },
  logFormat: {
    kind: "choice",
    placeholder: "FORMAT",
    choices: ["human", "json"],
    description: "format of the log lines (default: human on a terminal, otherwise json)",
  },
} as const satisfies OptionTable;

/** The values of these options. */
export type ServerOptionValues = OptionValues<typeof serverOptionTable>;

/** Where a server listens; each adds its own default. */
export const portOption = {
  kind: "number",
  short: "p",
  placeholder: "PORT",
  min: 0,
  max: 65_535,
  description: "listen on this port; 0 picks any free port",
} as const satisfies NumberOption;

/** Instead of host and port. */
export const socketOption = {
  kind: "text",
  placeholder: "PATH",
  description: "listen on a Unix socket instead of host and port",
} as const satisfies TextOption;

/** For computers with several processor cores. */
export const workersOption = {
  kind: "number",
  placeholder: "NUMBER",
  min: 1,
  max: 256,
  default: 1,
  description: "number of processes that share the address, each using one processor core",
} as const satisfies NumberOption;

/** For trying the gate on a live server. */
export const reportOnlyOption = {
  kind: "flag",
  description: "refuse nothing, and only log what would have been refused; the files are not protected",
} as const satisfies FlagOption;

/** The address of the servers that devices connect to. */
export const hostOption = {
  kind: "text",
  placeholder: "ADDRESS",
  description: "listen on this address only (default: all)",
} as const satisfies TextOption;

/** The certificate of a server, and its private key. */
export const tlsOptionTable = {
  tlsCert: {
    kind: "text",
    placeholder: "FILE",
    description: "file with the certificate and its chain, in PEM format; reloaded when it changes",
  },
  tlsKey: {
    kind: "text",
    placeholder: "FILE",
    description: "file with the certificate's private key, in PEM format; reloaded when it changes",
  },
} as const satisfies OptionTable;

/** For downloads that take longer than their token is valid. */
export const resumeGraceOption = {
  kind: "duration",
  bareUnit: "min",
  min: 0,
  max: 86_400,
  default: 0,
  description: "let a download resume (Range with If-Range) with a token that expired at most this long ago",
} as const satisfies DurationOption;

/** For servers behind a proxy. */
export const trustProxyOption = {
  kind: "flag",
  description: "log the address that a proxy reports in X-Forwarded-For",
} as const satisfies FlagOption;
