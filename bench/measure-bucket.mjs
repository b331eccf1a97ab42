/**
 * Processor time of files through `serve s3://`, compared with the least that a proxy does: `fetch`, and its body piped to
 * the client. nginx is used instead of a bucket. It does not check signatures, and its own time is not included.
 */
import { sizes, withFolder } from "./bench-folder.mjs";
import { race } from "./race.mjs";
import { isInstalled, startNginx, startNode, startServeBucket } from "./start-server.mjs";
import { makeTokens } from "./tokens.mjs";

export async function measureBucket({ rounds, share }) {
  if (!isInstalled("nginx")) return [];
  return withFolder(async ({ folder }) => {
    const [token] = makeTokens(1);
    const nginx = await startNginx(folder, { server: `location /apps/ { alias ${folder}/; }` });
    const endpoint = `http://127.0.0.1:${nginx.to.port}`;
    const measurements = [];
    try {
      for (const { name, file, requests, connections, warmUp } of sizes.slice(0, 2)) {
        const contenders = [
          { name: "fetch and pipe", start: () => startNode("fetch and pipe", folder, `${endpoint}/apps`) },
          { name: "portcullis serve s3://", start: () => startServeBucket(folder, endpoint) },
        ].map((contender) => ({ ...contender, request: () => `GET /${file}?token=${token} HTTP/1.1` }));
        const count = Math.max(1, Math.round((requests * share) / 2));
        const settings = { rounds, count, connections, warmUp: Math.round(warmUp / 4) };
        measurements.push(...(await race(`a file of ${name} from a bucket`, contenders, settings)));
      }
    } finally {
      await nginx.stop();
    }
    return measurements;
  });
}
