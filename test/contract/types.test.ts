import assert from "node:assert/strict";
import { test } from "node:test";
import { guard as koaGuard } from "@portcullis/koa";
import { type Guarded, guard } from "@portcullis/node-http";
import express from "express";
import Koa from "koa";
import { signingKey } from "../support/signing-key.ts";

declare global {
  namespace Express {
    interface Request extends Guarded {}
  }
}

/** Accepts a value of exactly this type: `any` is an error too. */
function isExactly<Type>() {
  return <Given>(_value: Given & (0 extends 1 & Given ? never : Type extends Given ? unknown : never)): void => {};
}

// The compiler checks the types; running both shows that they are the types of the real frameworks.
test("Express and Koa know the type of the fingerprint behind the guard", () => {
  const keys = signingKey().publicPem;
  const app = express();
  app.use(guard({ keys }), (request, response) => {
    isExactly<string | undefined>()(request.download.fingerprint);
    isExactly<boolean>()(request.download.allowed);
    response.end();
  });
  const koa = new Koa().use(koaGuard({ keys }));
  koa.use((context) => {
    isExactly<string | undefined>()(context.state.download.fingerprint);
  });
  assert.equal(typeof koa.callback(), "function");
});
