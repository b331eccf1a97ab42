import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { guard } from "@portcullis/node-http";
import express from "express";
import type { RunningServer } from "../contract/contract.ts";
import { sendRaw } from "../contract/send-raw.ts";
import { signingKey, signToken, testTime } from "../support/signing-key.ts";

const express4: typeof express = createRequire(import.meta.url)("express4");

// What can be tested only with Node's own server; the contract also runs in other runtimes.
for (const [name, createApp] of [
  ["Express 5", express],
  ["Express 4", express4],
] as const) {
  test(`${name}: no other spelling of a path bypasses a mounted guard`, async () => {
    const folder = mkdtempSync(join(tmpdir(), "portcullis-"));
    writeFileSync(join(folder, "a.ipa"), "the app");
    const key = signingKey();
    const app = createApp();
    app.use("/apps", guard({ keys: key.publicPem, now: () => testTime }), createApp.static(folder));
    const server = await listen(app);
    const get = (target: string) =>
      sendRaw(server.port, `GET ${target} HTTP/1.1\r\nHost: files.example\r\nConnection: close\r\n\r\n`);
    assert.equal((await get(`/apps/a.ipa?token=${signToken(key)}`)).body, "the app");
    for (const path of [
      ...["/apps/a.ipa", "/APPS/a.ipa", "//apps/a.ipa", "/%61pps/a.ipa", "/apps%2fa.ipa", "/./apps/a.ipa"],
      ...["/x/../apps/a.ipa", "/apps//a.ipa", "/apps/./a.ipa", "/apps;/a.ipa", "http://files.example//apps/a.ipa"],
    ]) {
      const { status, body } = await get(path);
      assert.ok(status === 401 || status === 404, `${path}: ${status}`);
      assert.ok(!body.includes("the app"));
    }
    await server.close();
    rmSync(folder, { recursive: true });
  });
}

test("a request to upgrade is checked like any other, and CONNECT gets no response at all", async () => {
  const key = signingKey();
  let reached = 0;
  const server = await listen(
    guard({ keys: key.publicPem, now: () => testTime }, (_request, response) => {
      reached += 1;
      response.end();
    }),
  );
  const headers = "Host: files.example\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n";
  assert.equal((await sendRaw(server.port, `GET /a HTTP/1.1\r\n${headers}`)).status, 401);
  assert.equal((await sendRaw(server.port, `OPTIONS * HTTP/1.1\r\n${headers}`)).status, 401);
  const tunnel = `CONNECT files.example:443?token=${signToken(key)} HTTP/1.1\r\n${headers}`;
  assert.equal((await sendRaw(server.port, tunnel)).raw, "");
  assert.equal(reached, 0);
  await server.close();
});

async function listen(listener: RequestListener): Promise<RunningServer> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
