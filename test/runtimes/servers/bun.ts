import { contractHandler } from "./contract-handler.ts";

declare const Bun: {
  serve(options: {
    hostname: string;
    port: number;
    development: boolean;
    fetch(request: Request): Response | Promise<Response>;
  }): { readonly port: number };
};

const fetch = contractHandler(JSON.parse(process.argv[2] as string));
// In development Bun answers an error with a page that shows the request, its token too.
const server = Bun.serve({ hostname: "127.0.0.1", port: 0, development: false, fetch });
console.log(server.port);
