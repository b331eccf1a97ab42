import { get } from "node:http";

/** The response of a server. */
export interface Reply {
  readonly status: number;
  /** The `Content-Type`. */
  readonly type: string;
  readonly body: string;
}

/** Sends a request over a Unix socket or to a port, with Node's own client; the options are those of `http.get`. */
export function ask(options: object): Promise<Reply> {
  return new Promise((resolve, reject) => {
    get(options, (response) => {
      let body = "";
      response.on("data", (chunk) => {
        body += chunk;
      });
      const { statusCode: status = 0, headers } = response;
      response.on("end", () => resolve({ status, type: headers["content-type"] ?? "", body }));
    }).on("error", reject);
  });
}
