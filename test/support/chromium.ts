import { spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";

/** Debian's Chromium without a window, driven by its own protocol (https://chromedevtools.github.io/devtools-protocol). */
export interface Chromium {
  newPage(options?: PageOptions): Promise<ChromiumPage>;
  close(): Promise<void>;
}

/** How to show a page. */
export interface PageOptions {
  /** In CSS pixels; default 1280. */
  readonly width?: number;
  readonly colourScheme?: "light" | "dark";
  /** Default true. */
  readonly javaScript?: boolean;
  readonly userAgent?: string;
}

/** One tab, with cookies of its own. */
export interface ChromiumPage {
  goto(url: string): Promise<void>;
  /** Evaluates an expression in the page, even if the page's own scripts are turned off. */
  evaluate<Result>(expression: string): Promise<Result>;
  /** Sets the value of a field. */
  fill(selector: string, value: string): Promise<void>;
  chooseFile(selector: string, file: string): Promise<void>;
  /** Clicks and waits for the page that it leads to. */
  follow(selector: string): Promise<void>;
  click(selector: string): Promise<void>;
  press(key: "Tab" | "Enter"): Promise<void>;
  /** Presses a key and waits for the page that it leads to. */
  followKey(key: "Enter"): Promise<void>;
  /** Changes how the page is shown. */
  show(options: Pick<PageOptions, "width" | "colourScheme">): Promise<void>;
  /** Limits how fast the page sends, in bytes per second; `undefined` removes the limit. */
  limitUpload(speed: number | undefined): Promise<void>;
  /** The visible text. */
  text(): Promise<string>;
  url(): Promise<string>;
  /** A PNG of the whole page. */
  screenshot(): Promise<Buffer>;
  /** What the browser refused or reported since the page was opened. */
  readonly problems: string[];
  /** The URL of every request since the page was opened, including those that the browser refused or had in its cache. */
  readonly requests: string[];
  /** The bytes of all responses since the last `goto` or `follow`. */
  bytes(): number;
}

const longestWait = 60_000;
const hasFocus = `location.hash !== "" || !document.querySelector("[autofocus]") || document.activeElement !== document.body`;

/** Starts Chromium with an empty profile. */
export async function startChromium(): Promise<Chromium> {
  const profile = mkdtempSync(join(tmpdir(), "portcullis-chromium-"));
  const child = spawn(
    "chromium",
    [
      "--headless=new",
      "--no-sandbox", // the tests may run as root, where Chromium has no sandbox
      "--disable-gpu",
      "--disable-dev-shm-usage",
      "--disable-background-networking",
      "--hide-scrollbars",
      "--no-first-run",
      "--remote-debugging-pipe",
      `--user-data-dir=${profile}`,
    ],
    { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"], detached: true },
  );
  const exited = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const connection = connect(child.stdio[3] as Writable, child.stdio[4] as Readable);
  child.once("error", () => connection.fail(new Error("chromium is missing: apt-get install chromium")));
  child.once("exit", () => connection.fail(new Error("Chromium has ended")));
  await connection.send("Browser.getVersion");
  return {
    newPage: (options) => openPage(connection, options),
    async close() {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
      }
      await exited;
      await rm(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
}

// biome-ignore lint/suspicious/noExplicitAny: the protocol has hundreds of types, of which few members are used here
type Message = any;

interface Connection {
  send(method: string, params?: object, sessionId?: string): Promise<Message>;
  on(listener: (message: Message) => void): void;
  fail(error: Error): void;
}

/** Messages are JSON, each with a zero byte at its end. */
function connect(to: Writable, from: Readable): Connection {
  const waiting = new Map<number, { resolve: (result: Message) => void; reject: (error: Error) => void }>();
  const listeners: ((message: Message) => void)[] = [];
  let last = 0;
  let failure: Error | undefined;
  let received: Buffer[] = [];

  const fail = (error: Error): void => {
    failure ??= error;
    for (const { reject } of waiting.values()) reject(failure);
    waiting.clear();
  };
  to.on("error", fail);
  from.on("data", (chunk: Buffer) => {
    let start = 0;
    for (let end = chunk.indexOf(0); end >= 0; end = chunk.indexOf(0, start)) {
      received.push(chunk.subarray(start, end));
      const message = JSON.parse(Buffer.concat(received).toString("utf8"));
      received = [];
      start = end + 1;
      const call = waiting.get(message.id);
      waiting.delete(message.id);
      if (message.error) call?.reject(new Error(message.error.message));
      else if (call) call.resolve(message.result);
      else for (const listener of listeners) listener(message);
    }
    received.push(chunk.subarray(start));
  });

  return {
    fail,
    on: (listener) => void listeners.push(listener),
    send(method, params = {}, sessionId) {
      return new Promise((resolve, reject) => {
        if (failure) return reject(failure);
        last += 1;
        const id = last;
        const timer = setTimeout(() => {
          waiting.delete(id);
          reject(new Error(`Chromium did not reply to ${method} in time`));
        }, longestWait);
        const settle = <Value>(done: (value: Value) => void) => {
          return (value: Value): void => {
            clearTimeout(timer);
            done(value);
          };
        };
        waiting.set(id, { resolve: settle(resolve), reject: settle(reject) });
        to.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
      });
    },
  };
}

async function openPage(connection: Connection, options: PageOptions = {}): Promise<ChromiumPage> {
  const { javaScript = true, userAgent } = options;
  let { width = 1280, colourScheme = "light" } = options;
  const { browserContextId } = await connection.send("Target.createBrowserContext");
  const { targetId } = await connection.send("Target.createTarget", { url: "about:blank", browserContextId });
  const { sessionId } = await connection.send("Target.attachToTarget", { targetId, flatten: true });
  const send = (method: string, params: object = {}): Promise<Message> => connection.send(method, params, sessionId);
  const problems: string[] = [];
  const requests: string[] = [];
  const loads: (() => void)[] = [];
  let bytes = 0;
  connection.on((message) => {
    if (message.sessionId !== sessionId) return;
    if (message.method === "Page.loadEventFired") for (const loaded of loads.splice(0)) loaded();
    if (message.method === "Network.loadingFinished") bytes += message.params.encodedDataLength;
    const { params } = message;
    if (message.method === "Network.requestWillBeSent") requests.push(params.request.url);
    if (message.method === "Network.webSocketCreated") requests.push(params.url);
    if (message.method === "Log.entryAdded" && params.entry.source !== "network")
      problems.push(`${params.entry.url ?? ""} ${params.entry.text}`);
    // The page itself can be a refusal, but what it loads must not be.
    if (message.method === "Network.responseReceived" && params.type !== "Document" && params.response.status >= 400)
      problems.push(`${params.response.url} ${params.response.status}`);
    if (message.method === "Network.loadingFailed" && !params.canceled) problems.push(params.errorText);
    if (message.method === "Runtime.exceptionThrown") problems.push(message.params.exceptionDetails.text);
  });
  await Promise.all(
    ["Page.enable", "Network.enable", "Log.enable", "Runtime.enable", "DOM.enable"].map((name) => send(name)),
  );
  await show({});
  if (!javaScript) await send("Emulation.setScriptExecutionDisabled", { value: true });
  if (userAgent !== undefined) await send("Emulation.setUserAgentOverride", { userAgent });

  async function show(changed: Pick<PageOptions, "width" | "colourScheme">): Promise<void> {
    width = changed.width ?? width;
    colourScheme = changed.colourScheme ?? colourScheme;
    await send("Emulation.setDeviceMetricsOverride", { width, height: 900, deviceScaleFactor: 1, mobile: false });
    await send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: colourScheme }] });
  }

  /** Does something that leads to another page, and waits until that page has loaded and the field with `autofocus` has the focus. */
  async function leaving(act: () => Promise<unknown>): Promise<void> {
    bytes = 0;
    const loaded = new Promise<void>((resolve, reject) => {
      loads.push(resolve);
      setTimeout(() => reject(new Error("no page was loaded in time")), longestWait).unref();
    });
    await act();
    await loaded;
    // Chromium moves the focus when it next renders the page, unless the URL has a fragment.
    const deadline = Date.now() + longestWait;
    while (!(await evaluate(hasFocus))) {
      if (Date.now() > deadline) throw new Error("the field with autofocus did not get the focus in time");
      await sleep(10);
    }
  }

  async function evaluate<Result>(expression: string): Promise<Result> {
    const { result, exceptionDetails } = await send("Runtime.evaluate", {
      expression,
      returnByValue: true,
      awaitPromise: true,
    });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  async function press(key: "Tab" | "Enter"): Promise<void> {
    const [windowsVirtualKeyCode, text] = key === "Tab" ? [9, ""] : [13, "\r"];
    const pressed = { key, code: key, windowsVirtualKeyCode };
    await send("Input.dispatchKeyEvent", { ...pressed, type: "keyDown", text });
    await send("Input.dispatchKeyEvent", { ...pressed, type: "keyUp" });
  }

  const find = (selector: string): string => `(() => {
    const found = document.querySelector(${JSON.stringify(selector)});
    if (!found) throw new Error("nothing is " + ${JSON.stringify(selector)} + " on " + location.pathname);
    return found;
  })()`;

  return {
    problems,
    requests,
    bytes: () => bytes,
    evaluate,
    goto: (url) => leaving(() => send("Page.navigate", { url })),
    async fill(selector, value) {
      await evaluate(`${find(selector)}.value = ${JSON.stringify(value)}, undefined`);
    },
    async chooseFile(selector, file) {
      const { root } = await send("DOM.getDocument");
      const { nodeId } = await send("DOM.querySelector", { nodeId: root.nodeId, selector });
      await send("DOM.setFileInputFiles", { files: [file], nodeId });
    },
    follow: (selector) => leaving(() => evaluate(`${find(selector)}.click()`)),
    click: (selector) => evaluate(`${find(selector)}.click()`),
    press,
    followKey: (key) => leaving(() => press(key)),
    show,
    limitUpload: async (speed) =>
      void (await send("Network.emulateNetworkConditions", {
        offline: false,
        latency: 0,
        downloadThroughput: -1,
        uploadThroughput: speed ?? -1,
      })),
    text: () => evaluate("document.body.innerText"),
    url: () => evaluate("location.href"),
    async screenshot() {
      const height = await evaluate<number>("document.documentElement.scrollHeight");
      await send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: false });
      const { data } = await send("Page.captureScreenshot", { format: "png", captureBeyondViewport: true });
      await send("Emulation.setDeviceMetricsOverride", { width, height: 900, deviceScaleFactor: 1, mobile: false });
      return Buffer.from(data, "base64");
    },
  };
}
