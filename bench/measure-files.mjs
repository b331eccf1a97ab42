/** The cost of sending files, plain and with TLS. */
import { sizes, withFolder } from "./bench-folder.mjs";
import { race } from "./race.mjs";
import { isInstalled, startNginx, startNode, startServe } from "./start-server.mjs";
import { makeTokens } from "./tokens.mjs";

export function measureFiles({ rounds, share, isShort }) {
  return withFolder(async ({ folder, certificate }) => {
    const [token] = makeTokens(1);
    const measurements = [];
    const nginx = (tls) =>
      isInstalled("nginx")
        ? [{ name: "nginx", start: () => startNginx(folder, { server: `root ${folder};`, ...tls }) }]
        : [];
    const plain = [
      { name: "floor", start: () => startNode("floor", folder) },
      { name: "folder of @portcullis/origin", start: () => startNode("folder", folder) },
      { name: "portcullis serve", start: () => startServe(folder) },
      { name: "sirv", start: () => startNode("sirv", folder) },
      { name: "serve-static", start: () => startNode("serve-static", folder) },
      ...nginx({}),
    ];
    const encrypted = [
      { name: "portcullis serve", start: () => startServe(folder, { certificate }) },
      ...nginx({ certificate }),
    ];
    for (const [what, contenders] of isShort
      ? [["a file", plain]]
      : [
          ["a file", plain],
          ["a file with TLS", encrypted],
        ]) {
      for (const { name, file, requests, connections, warmUp } of isShort ? sizes.slice(0, 2) : sizes) {
        const request = () => `GET /${file}?token=${token} HTTP/1.1`;
        const count = Math.max(1, Math.round(requests * share));
        const asked = contenders.map((contender) => ({ ...contender, request }));
        const settings = { rounds, count, connections, warmUp: isShort ? Math.ceil(requests / 4) : warmUp };
        measurements.push(...(await race(`${what} of ${name}`, asked, settings)));
      }
    }
    return measurements;
  });
}
