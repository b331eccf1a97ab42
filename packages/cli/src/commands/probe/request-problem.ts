/** Why there is no complete response, and what to do about it. */
export interface RequestProblem {
  /** The rest of a sentence that names the server. */
  readonly sentence: string;
  readonly remedy?: string;
}

/** What Node.js and OpenSSL attach to an error. */
type RequestError = Error & { readonly code?: string; readonly reason?: string };

const knownCodes: Readonly<Record<string, RequestProblem>> = {
  ENOTFOUND: {
    sentence: "this computer cannot find a host with that name",
    remedy: "Check the spelling of the host name.",
  },
  EAI_AGAIN: { sentence: "this computer cannot look up host names", remedy: "Check the DNS server and the network." },
  ECONNREFUSED: {
    sentence: "nothing listens on that port",
    remedy: "Check that the server is running, and that this is its port.",
  },
  EHOSTUNREACH: { sentence: "this computer has no route to that host", remedy: "Check the network and the firewall." },
  ENETUNREACH: { sentence: "this computer has no route to that host", remedy: "Check the network and the firewall." },
  ECONNRESET: { sentence: "it closed the connection before the response was complete" },
  EPIPE: { sentence: "it closed the connection before the response was complete" },
  HPE_HEADER_OVERFLOW: { sentence: "its response has more than 16 KiB of headers" },
};

const notHttp: RequestProblem = {
  sentence: "it does not speak HTTP on that port",
  remedy: "Try https://, or another port.",
};
const notTls: RequestProblem = {
  sentence: "it does not speak TLS on that port",
  remedy: "Try http://, or another port.",
};
const oldTls: RequestProblem = {
  sentence: "it supports only older TLS versions: devices would not download from it",
  remedy: "Devices need TLS 1.2 or 1.3: enable it on the server.",
};

/** Describes the error of a request by its code, since messages change between versions of Node.js. */
export function describeRequestError(error: RequestError): RequestProblem {
  const { code = "", reason = "", message } = error;
  if (knownCodes[code]) return knownCodes[code];
  // llhttp read something other than the start of an HTTP response.
  if (code === "HPE_INVALID_CONSTANT") return notHttp;
  if (code.startsWith("HPE_")) return { sentence: `its response is not valid HTTP (${message})` };
  if (/certificate|self[- ]signed|altname/i.test(message)) {
    return {
      sentence: `${message.split("\n")[0]}: devices would not download from it`,
      remedy: "To probe it anyway: --insecure",
    };
  }
  if (code === "EPROTO" || code.startsWith("ERR_SSL_")) return describeTlsFailure(reason || openSslReason(message));
  return { sentence: message || code };
}

function describeTlsFailure(reason: string): RequestProblem {
  if (/protocol version|unsupported protocol/i.test(reason)) return oldTls;
  if (/alert/i.test(reason)) return { sentence: `the TLS handshake failed (${reason})` };
  return notTls;
}

/** OpenSSL separates the parts of its errors with colons; the reason precedes the name of the source file. */
function openSslReason(message: string): string {
  const parts = message.split(":");
  const file = parts.findIndex((part) => part.endsWith(".c"));
  return parts[file - 1] ?? message;
}
