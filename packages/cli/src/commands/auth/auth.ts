import { defineCommand } from "../../command-line/command.ts";
import { gateOptionTable } from "../../gate/gate-option-table.ts";
import {
  portOption,
  reportOnlyOption,
  serverOptionTable,
  socketOption,
  workersOption,
} from "../../server/server-option-table.ts";

/** `portcullis auth`: the authorization server behind a proxy that serves the files itself. */
export const auth = defineCommand({
  name: "auth",
  summary: "tell nginx, Caddy, Traefik, HAProxy or Envoy whether a link is valid",
  description:
    "Responds to a proxy's authorization subrequest on the path /auth: 204 if the URL that the client requested carries a valid token, otherwise 401 or 403, with the refusal code in the header X-Portcullis-Code.",
  operands: {},
  options: {
    for: {
      kind: "choice",
      placeholder: "PROXY",
      choices: ["nginx", "caddy", "traefik", "haproxy", "envoy"],
      description: "the proxy that sends the subrequests; this determines which header is trusted",
    },
    uriHeader: {
      kind: "text",
      placeholder: "NAME",
      description: "instead of --for: the header in which the proxy sends the original URL",
    },
    ...gateOptionTable,
    host: {
      kind: "text",
      placeholder: "ADDRESS",
      default: "127.0.0.1",
      description: "listen on this address",
    },
    port: { ...portOption, default: 9180 },
    socket: socketOption,
    reportOnly: reportOnlyOption,
    ...serverOptionTable,
    workers: workersOption,
  },
  examples: [
    { command: "portcullis auth --for nginx --key public.pem", meaning: "behind nginx's auth_request" },
    {
      command: "portcullis auth --for caddy -k public.pem --socket /run/portcullis/auth.sock",
      meaning: "behind Caddy's forward_auth, on a Unix socket",
    },
  ],
});
