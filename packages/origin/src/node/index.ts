// Where files are

export { type FileObject, folder } from "./folder.ts";

// Listeners for node:http, Express, Koa and Fastify

export { type OriginListener, openFor, serveFrom } from "./serve-from.ts";

// The steps between, for servers with a log of their own

export { sendHead, sendObject, type Transfer } from "./send-object.ts";

// A cache on disk in front of a slow or distant origin

export { type CacheEvent, type DiskCache, type DiskCacheOptions, diskCache } from "./disk-cache.ts";

// For programs that put files into folders themselves

export { syncFolder } from "./sync-folder.ts";
