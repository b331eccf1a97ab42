import { contractHandler } from "./contract-handler.ts";

/** What `deno serve FILE`, `bun FILE` and Workers look for: they start the server, and print its port. */
const server: {
  readonly hostname: string;
  readonly port: number;
  readonly fetch: (request: Request) => Response | Promise<Response>;
} = {
  hostname: "127.0.0.1",
  port: 0,
  fetch: contractHandler(JSON.parse(process.argv[2] as string)),
};
export default server;
