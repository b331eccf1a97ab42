/** One way in which a client can send a token. */
export interface TokenPlace {
  readonly name: string;
  /** The bytes of the request, as Latin-1. */
  readonly request: string;
  readonly token: string;
}

/** A request with one header for each pair; `Host` and `Connection` are there unless a pair replaces them. */
function head(target: string, headers: Readonly<Record<string, string>> = {}, method = "GET"): string {
  const all = { Host: "localhost", Connection: "close", ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${target} HTTP/1.1\r\n${lines.join("")}\r\n`;
}

/** Percent-encodes every character, this many times. */
function percentEncode(text: string, times = 1): string {
  const once = Array.from(text, (character) => `%${character.charCodeAt(0).toString(16)}`).join("");
  return times === 1 ? once : once.replaceAll("%", `%${"25".repeat(times - 1)}`);
}

/** Where the token is in the request target; `good` is a valid token for requests that must pass the gate. */
const targets: Readonly<Record<string, (token: string, good: string) => string>> = {
  "the query": (token) => `/app.ipa?token=${token}`,
  "the query, percent-encoded": (token) => `/app.ipa?token=${percentEncode(token)}`,
  "the query, percent-encoded twice": (token) => `/app.ipa?token=${percentEncode(token, 2)}`,
  "the query, under an encoded name": (token) => `/app.ipa?%74oken=${token}`,
  "the query, under another name": (token) => `/app.ipa?access_token=${token}`,
  "the query, without a name": (token) => `/app.ipa?${token}`,
  "the query, beside a valid token": (token, good) => `/app.ipa?x=${token}&token=${good}`,
  "the query, repeated": (token, good) => `/app.ipa?token=${good}&token=${token}`,
  "a second query": (token) => `/app.ipa?x=1?token=${token}`,
  "a second query after a valid token": (token, good) => `/app.ipa?token=${good}?token=${token}`,
  "the query of a missing file": (token) => `/none.ipa?token=${token}`,
  "the query of a hidden file": (token) => `/.hidden?token=${token}`,
  "the query of a folder": (token) => `/?token=${token}`,
  "the query after a stray percent sign": (token) => `/100%?token=${token}`,
  "the query after an invalid escape": (token) => `/%zz?token=${token}`,
  "the query after an encoded NUL": (token) => `/app.ipa%00?token=${token}`,
  "the query after an encoded line feed": (token) => `/app.ipa%0a?token=${token}`,
  "the query after an encoded slash": (token) => `/apps%2fapp.ipa?token=${token}`,
  "the query after bytes that are not UTF-8": (token) => `/%ff%fe?token=${token}`,
  "the query after a path that climbs out": (token) => `/../../app.ipa?token=${token}`,
  "the query after two slashes": (token) => `//app.ipa?token=${token}`,
  "the query of a target without a slash": (token) => `app.ipa?token=${token}`,
  "the query of an asterisk": (token) => `*?token=${token}`,
  "the path": (token) => `/${token}`,
  "the path, with a valid token": (token, good) => `/${token}?token=${good}`,
  "the path, percent-encoded": (token, good) => `/${percentEncode(token)}?token=${good}`,
  "the path, percent-encoded twice": (token, good) => `/${percentEncode(token, 2)}?token=${good}`,
  "the path, as a folder": (token, good) => `/${token}/app.ipa?token=${good}`,
  "the path, below a file": (token, good) => `/app.ipa/${token}?token=${good}`,
  "the path, as a hidden file": (token, good) => `/.${token}?token=${good}`,
  "the path, after an encoded question mark": (token, good) => `/app.ipa%3ftoken=${token}?token=${good}`,
  "the path, after a semicolon": (token, good) => `/app.ipa;token=${token}?token=${good}`,
  "the path, after two slashes": (token) => `//${token}`,
  "the fragment": (token) => `/app.ipa#token=${token}`,
  "the fragment, with a valid token": (token, good) => `/app.ipa?token=${good}#${token}`,
  "the fragment, before a query": (token, good) => `/app.ipa#${token}?token=${good}`,
  "an absolute URL": (token) => `http://localhost/app.ipa?token=${token}`,
  "the host of an absolute URL": (token, good) => `http://${token}/app.ipa?token=${good}`,
  "the user of an absolute URL": (token, good) => `http://${token}@localhost/app.ipa?token=${good}`,
  "the scheme of an absolute URL": (token, good) => `${token}://localhost/app.ipa?token=${good}`,
  "a target with a space": (token) => `/an app.ipa?token=${token}`,
  "a target with a byte above 127": (token) => `/caf\xe9.ipa?token=${token}`,
  "a target with a control character": (token) => `/app\x01.ipa?token=${token}`,
};

const headerNames = [
  "Accept",
  "Accept-Encoding",
  "Authorization",
  "Connection",
  "Content-Length",
  "Content-Type",
  "Cookie",
  "Expect",
  "Forwarded",
  "From",
  "Host",
  "If-Match",
  "If-Modified-Since",
  "If-None-Match",
  "If-Range",
  "Max-Forwards",
  "Origin",
  "Range",
  "Referer",
  "TE",
  "Trailer",
  "Transfer-Encoding",
  "Upgrade",
  "User-Agent",
  "Via",
  "X-Forwarded-For",
  "X-Forwarded-Host",
  "X-Forwarded-Method",
  "X-Forwarded-Proto",
  "X-Forwarded-Uri",
  "X-Original-Method",
  "X-Original-URI",
  "X-Portcullis-Code",
  "X-Portcullis-Token",
  "X-Real-IP",
  "X-Request-ID",
];

/** Whole requests that are wrong in one way, or that contain the token outside of the target and headers. */
const oddRequests: Readonly<Record<string, (token: string, good: string) => string>> = {
  "the query of an unknown method": (token) => head(`/app.ipa?token=${token}`, {}, "FOO"),
  "the query of POST": (token) => head(`/app.ipa?token=${token}`, { "Content-Length": "0" }, "POST"),
  "the query of TRACE": (token) => head(`/app.ipa?token=${token}`, {}, "TRACE"),
  "the query of CONNECT": (token) => head(`/app.ipa?token=${token}`, {}, "CONNECT"),
  "the host of CONNECT": (token) => head(`${token}:443`, {}, "CONNECT"),
  "the method": (token, good) => head(`/app.ipa?token=${good}`, {}, token),
  "the method, without anything else": (token) => `${token}\r\n\r\n`,
  "a request line without a version": (token) => `GET /app.ipa?token=${token}\r\n\r\n`,
  "a request line with an unknown version": (token) => `GET /app.ipa?token=${token} HTTP/9.9\r\n\r\n`,
  "a request line with a word for a version": (token) => `GET /app.ipa?token=${token} ${token}\r\n\r\n`,
  "a request line with four words": (token) => `GET /app.ipa ?token=${token} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
  "a request line of 20 000 characters": (token) => head(`/app.ipa?token=${token}&x=${"x".repeat(20_000)}`),
  "lines that end in a line feed only": (token) => head(`/app.ipa?token=${token}`).replaceAll("\r", ""),
  "a request without a Host": (token) => `GET /app.ipa?token=${token} HTTP/1.1\r\nConnection: close\r\n\r\n`,
  "a request with two Hosts": (token) => head(`/app.ipa?token=${token}`, { host: "elsewhere" }),
  "a request with an invalid Host": (token) => head(`/app.ipa?token=${token}`, { Host: "local host/\\" }),
  "the name of a header": (token, good) => head(`/app.ipa?token=${good}`, { [token]: "x" }),
  "a header without a colon": (token) => head("/app.ipa").replace("\r\n\r\n", `\r\n${token}\r\n\r\n`),
  "a folded header": (token) => head("/app.ipa").replace("\r\n\r\n", `\r\nX-Folded: a\r\n ${token}\r\n\r\n`),
  "a header with a NUL": (token) => head("/app.ipa", { "X-Nul": `\0${token}` }),
  "a header with a space in its name": (token) => head(`/app.ipa?token=${token}`, { "X Space": token }),
  "a header of 20 000 characters": (token) => head(`/app.ipa?token=${token}`, { "X-Long": "x".repeat(20_000) }),
  "200 headers": (token) =>
    head(`/app.ipa?token=${token}`, Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`X-${n}`, token]))),
  "a body": (token) => `${head("/app.ipa", { "Content-Length": String(token.length) }, "POST")}${token}`,
  "the size of a chunk": (token) => `${head("/app.ipa", { "Transfer-Encoding": "chunked" }, "POST")}${token}\r\n`,
  "two lengths of a body": (token) =>
    `${head(`/app.ipa?token=${token}`, { "Content-Length": "1", "Transfer-Encoding": "chunked" }, "POST")}0\r\n\r\n`,
  "a line of the PROXY protocol": (token) => `PROXY TCP4 ${token} 127.0.0.1 1 2\r\n${head(`/app.ipa?token=${token}`)}`,
  "the preface of HTTP/2": (token) => `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${token}`,
  "a second request on the connection": (token) =>
    `${head("/app.ipa", { Connection: "keep-alive" })}GET /%?token=${token} X\r\n\r\n`,
};

/**
 * Every place in which a client can put a token, each request with a token of its own, so that a token found later
 * names its place. `nextToken` returns valid tokens, each different from the others.
 */
export function tokenPlaces(nextToken: () => string): TokenPlace[] {
  const good = nextToken();
  const place = (name: string, write: (token: string, good: string) => string): TokenPlace => {
    const token = nextToken();
    return { name, token, request: write(token, good) };
  };
  return [
    ...Object.entries(targets).map(([name, target]) => place(name, (token) => head(target(token, good)))),
    ...headerNames.map((name) =>
      place(`the header ${name}`, (token) => head(`/app.ipa?token=${good}`, { [name]: token })),
    ),
    place("a URL in Referer", (token) => head("/app.ipa", { Referer: `https://localhost/app.ipa?token=${token}` })),
    place("a parameter of Cookie", (token) => head("/app.ipa", { Cookie: `a=b; token=${token}; c=d` })),
    place("a Bearer in Authorization", (token) => head("/app.ipa", { Authorization: `Bearer ${token}` })),
    place("the user of Basic in Authorization", (token) =>
      head("/app.ipa", { Authorization: `Basic ${Buffer.from(`${token}:`).toString("base64")}` }),
    ),
    place("a Range of a valid request", (token) => head(`/app.ipa?token=${good}`, { Range: `bytes=${token}` })),
    ...Object.entries(oddRequests).map(([name, write]) => place(name, write)),
    { name: "a valid link", token: good, request: head(`/app.ipa?token=${good}`) },
  ];
}
