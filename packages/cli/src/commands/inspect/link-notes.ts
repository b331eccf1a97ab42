import { readToken } from "@portcullis/core";

/** What is wrong or unusual about a link itself, one sentence each. */
export function linkNotes(url: string, parameter: string, isArgument: boolean): string[] {
  const notes: string[] = [];
  if (/^http:/i.test(url)) {
    notes.push(
      "The link starts with http: anyone on the network path can read the token, and Apple's devices require https.",
    );
  }
  if (/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*@/i.test(url)) {
    notes.push("The link contains a user name or password; devices might not send it.");
  }
  if (readToken(url, parameter).refusal === "token_missing") {
    const note = whereTheTokenIs(url, parameter) ?? (isArgument ? cutByShell(url) : undefined);
    if (note !== undefined) notes.push(note);
  }
  return notes;
}

function whereTheTokenIs(url: string, parameter: string): string | undefined {
  const [beforeFragment = "", fragment = ""] = url.split("#", 2);
  if (fragment.includes(`${parameter}=`)) {
    return "The token comes after a #, and clients never send that part of a link to a server.";
  }
  const [path = "", query, ...more] = beforeFragment.split("?");
  if (more.length > 0 && more.join("?").includes(`${parameter}=`)) {
    return `The link has two question marks. The second belongs to the value before it, so no server sees the token: write "&${parameter}=" if the link already has a "?".`;
  }
  const lowerCase = beforeFragment.toLowerCase();
  const encodedQuery = lowerCase.indexOf("%3f");
  if (encodedQuery !== -1 && lowerCase.includes(`${parameter.toLowerCase()}%3d`, encodedQuery)) {
    return "The whole link is percent-encoded, including its ? and =; decode it once before use.";
  }
  if (query === undefined && path.includes(`&${parameter}=`)) {
    return `The link has no question mark, so no server sees the token: write "?${parameter}=" instead of "&${parameter}=".`;
  }
  for (const part of query?.split("&") ?? []) {
    const [name = "", value = ""] = part.split("=", 2);
    if (value.startsWith("eyJ")) {
      return `There is a token, but its parameter is "${name}" and not "${parameter}": try --token-parameter ${name}.`;
    }
  }
  return undefined;
}

/** In every shell, and in cmd.exe, an unquoted & ends the command. */
function cutByShell(url: string): string | undefined {
  if (!url.includes("?")) return undefined;
  return "If the link continues with &, the shell has truncated it there: put the link in quotes, as in portcullis inspect 'LINK'.";
}
