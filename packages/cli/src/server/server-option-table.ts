import type { ChoiceOption, FlagOption, NumberOption, TextOption } from "../command-line/option.ts";

/** The options of both servers, `serve` and `auth`, besides those of the gate. */
export const serverOptionTable: {
  readonly status: TextOption;
  readonly grace: NumberOption & { readonly default: number };
  readonly maxConnections: NumberOption & { readonly default: number };
  readonly logFormat: ChoiceOption & { readonly choices: readonly ["human", "json"] };
} = {
  status: {
    kind: "text",
    placeholder: "ADDRESS",
    description:
      "answer /healthz, /readyz and /metrics here: a port, HOST:PORT or the path of a unix socket (default off)",
  },
  grace: {
    kind: "number",
    placeholder: "SECONDS",
    min: 0,
    max: 86_400,
    default: 60,
    description: "how long running requests may take to finish after SIGTERM",
  },
  maxConnections: {
    kind: "number",
    placeholder: "NUMBER",
    min: 1,
    max: 1_000_000,
    default: 1000,
    description: "close connections beyond so many",
  },
  logFormat: {
    kind: "choice",
    placeholder: "FORMAT",
    choices: ["human", "json"],
    description: "how log lines look (default human on a terminal, else json)",
  },
};

/** Where a server listens; each adds its own default. */
export const portOption: NumberOption = {
  kind: "number",
  short: "p",
  placeholder: "PORT",
  min: 0,
  max: 65_535,
  description: "listen on this port; 0 takes any that is free",
};

/** In place of host and port. */
export const socketOption: TextOption = {
  kind: "text",
  placeholder: "PATH",
  description: "listen on a unix socket, in place of host and port",
};

/** For a first look at a running server. */
export const reportOnlyOption: FlagOption = {
  kind: "flag",
  description: "refuse nothing: log what would have been refused. Protects nothing",
};
