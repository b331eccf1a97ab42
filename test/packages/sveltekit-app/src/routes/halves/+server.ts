import { readFileSync } from "node:fs";
import { guard } from "@portcullis/web-fetch";
import type { RequestHandler } from "@sveltejs/kit";
import { respondInHalves } from "../../../contract.js";

const guarded = guard({ keys: readFileSync("public.pem", "utf8") }, respondInHalves);

export const GET: RequestHandler = ({ request }) => guarded(request);
