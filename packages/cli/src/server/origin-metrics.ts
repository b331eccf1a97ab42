import type { StoreExchange } from "@portcullis/origin";
import { Counter, Gauge, Histogram, type Registry } from "prom-client";

/** The numbers of a store and of the cache in front of it. */
export interface OriginMetrics {
  exchanged(exchange: StoreExchange): void;
  cacheEvent(kind: "hit" | "miss" | "stale" | "eviction"): void;
  /** Returns the bytes in the cache; called whenever metrics are read. */
  measureCache(storedBytes: () => Promise<number>): void;
}

/** Adds the metrics of a store to those of a server. */
export function createOriginMetrics(registry: Registry, hasCache: boolean): OriginMetrics {
  const registers = [registry];
  const requests = new Counter({
    name: "portcullis_origin_requests_total",
    help: "Requests to the bucket or web server by HTTP status; 0: no response.",
    labelNames: ["status"],
    registers,
  });
  const durations = new Histogram({
    name: "portcullis_origin_request_seconds",
    help: "From a request to the bucket or web server to the first byte of its response.",
    buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers,
  });
  let storedBytes: (() => Promise<number>) | undefined;
  const cacheRegisters = hasCache ? registers : [];
  const counters = {
    hit: new Counter({
      name: "portcullis_cache_hits_total",
      help: "Downloads from the cache.",
      registers: cacheRegisters,
    }),
    miss: new Counter({
      name: "portcullis_cache_misses_total",
      help: "Files fetched into the cache.",
      registers: cacheRegisters,
    }),
    stale: new Counter({
      name: "portcullis_cache_stale_total",
      help: "Downloads from the cache while the origin could not be reached.",
      registers: cacheRegisters,
    }),
    eviction: new Counter({
      name: "portcullis_cache_evictions_total",
      help: "Files removed from the cache to make room.",
      registers: cacheRegisters,
    }),
  };
  new Gauge({
    name: "portcullis_cache_bytes",
    help: "Bytes in the cache.",
    aggregator: "max",
    registers: cacheRegisters,
    async collect() {
      this.set((await storedBytes?.()) ?? 0);
    },
  });
  return {
    exchanged({ status, seconds }) {
      requests.inc({ status });
      if (status !== 0) durations.observe(seconds);
    },
    cacheEvent: (kind) => counters[kind].inc(),
    measureCache(measure) {
      storedBytes = measure;
    },
  };
}
