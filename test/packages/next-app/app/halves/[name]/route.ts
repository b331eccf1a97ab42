import { readFileSync } from "node:fs";
import { type Decision, guard } from "@portcullis/web-fetch";
import { respondInHalves } from "../../../contract.js";

export const GET = guard(
  { keys: readFileSync("public.pem", "utf8") },
  async (request: Request, _download: Decision, { params }: { params: Promise<{ name: string }> }) => {
    const response = respondInHalves(request);
    response.headers.set("X-Name", (await params).name);
    return response;
  },
);
