/**
 * Makes servers of this process listen on a free port of 127.0.0.1 instead of the one that they name, and print
 * `{"port":…}` as soon as they listen: `node --import=…/listen-anywhere.mjs`.
 */
import { Server } from "node:net";

const { listen } = Server.prototype;

Server.prototype.listen = function () {
  this.once("listening", () => console.log(JSON.stringify({ port: this.address().port })));
  return listen.call(this, 0, "127.0.0.1");
};
