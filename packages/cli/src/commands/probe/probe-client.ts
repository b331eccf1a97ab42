import {
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  Agent as PlainAgent,
  request as plainRequest,
} from "node:http";
import { Agent as TlsAgent, request as tlsRequest } from "node:https";
import type { TLSSocket } from "node:tls";
import { describeRequestError, type RequestProblem } from "./request-problem.ts";

/** The three ways in which devices ask for a file. */
export const probeMethods = ["GET", "HEAD", "Range"] as const;

/** `"Range"` is a GET of the first byte only. */
export type ProbeMethod = (typeof probeMethods)[number];

/** The response of a server, or why there is none. */
export interface ProbeResponse {
  /** 0 if there was no response. */
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The beginning of the body only. */
  readonly body: Buffer;
  /** Such as `TLSv1.3`; `undefined` without encryption. */
  readonly tlsVersion: string | undefined;
  /** Why there was no response, or not all of it. */
  readonly problem: RequestProblem | undefined;
}

/** Sends requests to one server, one after the other. */
export interface ProbeClient {
  /** Sends one request; never rejects, and never waits longer than the timeout. */
  request(method: ProbeMethod, url: URL, query: string): Promise<ProbeResponse>;
  close(): void;
}

const maxBody = 4 * 1024;
const maxInformational = 100;
const requestHeaders = { "User-Agent": "portcullis-probe", Accept: "*/*" };

/** Creates a client; `timeout` in seconds. It follows no redirect and reads only the beginning of a body. */
export function createProbeClient(options: { readonly timeout: number; readonly insecure: boolean }): ProbeClient {
  const settings = { keepAlive: true, maxSockets: 1 };
  const plainAgent = new PlainAgent(settings);
  const tlsAgent = new TlsAgent({ ...settings, rejectUnauthorized: !options.insecure });

  return {
    request(method, url, query) {
      const common = {
        // Byte for byte: a URL object would normalize what the server is to be tested with.
        path: `${url.pathname}${query}`,
        hostname: url.hostname.replace(/^\[|\]$/g, ""),
        port: url.port,
        method: method === "Range" ? "GET" : method,
        headers: method === "Range" ? { ...requestHeaders, Range: "bytes=0-0" } : requestHeaders,
      };
      const isTls = url.protocol === "https:";
      return receive(
        isTls ? tlsRequest({ ...common, agent: tlsAgent }) : plainRequest({ ...common, agent: plainAgent }),
        options.timeout,
      );
    },
    close() {
      plainAgent.destroy();
      tlsAgent.destroy();
    },
  };
}

/**
 * Sends the request and resolves with the response, within one deadline for all of it: a server that sends a byte now
 * and then, or one 103 response after another, can keep a socket from ever being idle.
 */
function receive(request: ClientRequest, timeout: number): Promise<ProbeResponse> {
  return new Promise((resolve) => {
    let response: IncomingMessage | undefined;
    let tlsVersion: string | undefined;
    let informational = 0;
    let ended = false;
    const chunks: Buffer[] = [];
    const deadline = setTimeout(() => {
      end({
        sentence: response ? `its response was not complete after ${timeout} s` : `no response within ${timeout} s`,
      });
    }, timeout * 1000);

    function end(problem?: RequestProblem): void {
      if (ended) return;
      ended = true;
      clearTimeout(deadline);
      const { statusCode: status = 0, headers = {} } = response ?? {};
      resolve({ status, headers, body: Buffer.concat(chunks).subarray(0, maxBody), tlsVersion, problem });
      // The rest of the response might be gigabytes.
      if (problem || !response?.complete) request.destroy();
    }

    request.on("response", (received) => {
      // RFC 9110 section 15.2.2: without an Upgrade field, the request did not ask to switch protocols.
      const { statusCode = 0 } = received;
      if (statusCode === 101) return end(switched);
      // RFC 9110 section 15: a status is from 100 to 599.
      if (statusCode < 200 || statusCode > 599) {
        return end({ sentence: `its response has the status ${statusCode}, which is not an HTTP status` });
      }
      response = received;
      const { socket } = received;
      if ("getProtocol" in socket) tlsVersion = (socket as TLSSocket).getProtocol() ?? undefined;
      let length = 0;
      received.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        length += chunk.length;
        if (length >= maxBody) end();
      });
      received.on("end", () => end());
      received.on("error", (error) => end(describeRequestError(error)));
    });
    request.on("upgrade", (_, socket) => {
      socket.destroy();
      end(switched);
    });
    request.on("information", ({ statusCode }) => {
      informational += 1;
      if (informational > maxInformational) {
        end({
          sentence: `it sent more than ${maxInformational} informational responses (${statusCode}) and no final one`,
        });
      }
    });
    request.on("error", (error: Error & { readonly code?: string }) => {
      // The start of the response was HTTP, so these bytes are more than it announced.
      const isSurplus = response !== undefined && error.code === "HPE_INVALID_CONSTANT";
      if (!isSurplus) end(describeRequestError(error));
      else if (request.method === "HEAD") end({ sentence: "it sends a body in response to HEAD" });
      else end({ sentence: "it sends more than the Content-Length of its response" });
    });
    request.on("close", () => end({ sentence: "it closed the connection without a response" }));
    request.end();
  });
}

const switched: RequestProblem = { sentence: "it switched protocols (101) although the request did not ask for it" };
