import { readFileSync } from "node:fs";
import { guard } from "@portcullis/node-http";
import { folder, serveFrom } from "@portcullis/origin/node";
import express from "express";

const keys = readFileSync("public.pem", "utf8");
const app = express();
app.use("/apps", guard({ keys }), serveFrom(folder("apps")));
app.listen(8080);
