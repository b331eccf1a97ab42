import { type IncomingHttpHeaders, Agent as PlainAgent, request as plainRequest } from "node:http";
import { Agent as TlsAgent, request as tlsRequest } from "node:https";
import type { TLSSocket } from "node:tls";

/** The three ways in which devices ask for a file. */
export const probeMethods = ["GET", "HEAD", "Range"] as const;

/** `"Range"` is a GET of the first byte only. */
export type ProbeMethod = (typeof probeMethods)[number];

/** What a server answered, or that it did not. */
export interface ProbeResponse {
  /** 0 if there was no answer. */
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The beginning of the body only. */
  readonly body: Buffer;
  /** Such as `TLSv1.3`; `undefined` without encryption. */
  readonly tlsVersion: string | undefined;
  /** Why there was no answer. */
  readonly problem: string | undefined;
}

/** Asks one server, one request after the other. */
export interface ProbeClient {
  ask(method: ProbeMethod, url: URL, query: string): Promise<ProbeResponse>;
  close(): void;
}

const mostOfBody = 4 * 1024;
const headers = { "User-Agent": "portcullis-probe", Accept: "*/*" };

/** Makes a client; `timeout` in seconds. No redirect is followed, no body is read beyond its beginning. */
export function createProbeClient(options: { readonly timeout: number; readonly insecure: boolean }): ProbeClient {
  const settings = { keepAlive: true, maxSockets: 1 };
  const plainAgent = new PlainAgent(settings);
  const tlsAgent = new TlsAgent({ ...settings, rejectUnauthorized: !options.insecure });

  function ask(method: ProbeMethod, url: URL, query: string): Promise<ProbeResponse> {
    const isTls = url.protocol === "https:";
    const common = {
      // As it is, byte for byte: a URL object would mend what the server is to be tried with.
      path: `${url.pathname}${query}`,
      hostname: url.hostname.replace(/^\[|\]$/g, ""),
      port: url.port,
      method: method === "Range" ? "GET" : method,
      headers: method === "Range" ? { ...headers, Range: "bytes=0-0" } : headers,
      timeout: options.timeout * 1000,
    };
    return new Promise((resolve) => {
      const request = isTls
        ? tlsRequest({ ...common, agent: tlsAgent })
        : plainRequest({ ...common, agent: plainAgent });
      request.on("timeout", () => request.destroy(new Error(`no answer within ${options.timeout} s`)));
      request.on("error", (error) => resolve(noResponse(error.message)));
      request.on("response", (response) => {
        const { statusCode: status = 0, headers } = response;
        const tlsVersion = isTls ? ((response.socket as TLSSocket).getProtocol() ?? undefined) : undefined;
        const chunks: Buffer[] = [];
        let length = 0;
        const done = (): void => {
          const body = Buffer.concat(chunks).subarray(0, mostOfBody);
          resolve({ status, headers, body, tlsVersion, problem: undefined });
        };
        response.on("data", (chunk: Buffer) => {
          chunks.push(chunk);
          length += chunk.length;
          if (length < mostOfBody) return;
          done();
          request.destroy(); // the rest may be gigabytes
        });
        response.on("end", done);
        response.on("error", done);
      });
      request.end();
    });
  }

  return {
    ask,
    close() {
      plainAgent.destroy();
      tlsAgent.destroy();
    },
  };
}

function noResponse(problem: string): ProbeResponse {
  return { status: 0, headers: {}, body: Buffer.alloc(0), tlsVersion: undefined, problem };
}
