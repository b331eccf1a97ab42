import { serve } from "@hono/node-server";
import { contractHandler } from "./contract-handler.ts";

const fetch = contractHandler(JSON.parse(process.argv[2] as string));
serve({ fetch, hostname: "127.0.0.1", port: 0 }, ({ port }) => console.log(port));
