import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { guard as guardKoa } from "@portcullis/koa";
import { guard } from "@portcullis/node-http";
import express from "express";
import Koa from "koa";
import { runtimeName } from "../runtime-name.ts";

/** Plain `node:http`, Express or Koa, depending on the second argument; behind the guard is a file of ten digits. */
const [setup = "", kind = ""] = process.argv.slice(2);
const { publicPem, time } = JSON.parse(setup);
const options = { keys: publicPem, now: () => time };
const file = "0123456789";

const listeners: Record<string, () => RequestListener> = {
  "node:http": () => guard(options, (_request, response) => response.end(file)),
  Express: () =>
    express()
      .use(guard(options))
      .get("*path", (_request, response) => {
        response.send(file);
      }),
  Koa: () =>
    new Koa()
      .use(guardKoa(options))
      .use((context) => {
        context.body = file;
      })
      .callback(),
};

const listener = listeners[kind]?.();
const server = createServer((request, response) =>
  request.url === "/runtime" ? response.end(runtimeName()) : listener?.(request, response),
);
server.listen(0, "127.0.0.1", () => console.log((server.address() as AddressInfo).port));
