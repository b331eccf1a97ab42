import assert from "node:assert/strict";
import { AwsClient } from "aws4fetch";
import type { CephBucket } from "./ceph-bucket.ts";
import type { TestBucket } from "./test-bucket.ts";

/** The credentials of one session, as Ceph's security token service issues them. */
export interface Session {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

/** Asks Ceph for a session of a user of its own, who is allowed to have sessions and to get the bucket's objects. */
export async function startSession(ceph: CephBucket, user: string): Promise<Session> {
  const credentials = ceph.addUser(user, "user-policy=*");
  await post(ceph, credentials, "iam", {
    Action: "PutUserPolicy",
    UserName: user,
    PolicyName: "reader",
    PolicyDocument: JSON.stringify({
      Version: "2012-10-17",
      Statement: [
        { Effect: "Allow", Action: "sts:GetSessionToken", Resource: "*" },
        { Effect: "Allow", Action: ["s3:GetObject", "s3:ListBucket"], Resource: `arn:aws:s3:::${ceph.bucket}*` },
      ],
    }),
  });
  const text = await post(ceph, credentials, "sts", { Action: "GetSessionToken", Version: "2011-06-15" });
  const [accessKeyId = "", secretAccessKey = "", sessionToken = ""] = [
    "AccessKeyId",
    "SecretAccessKey",
    "SessionToken",
  ].map((name) => new RegExp(`<${name}>([^<]+)</${name}>`).exec(text)?.[1] ?? assert.fail(`no ${name}`));
  return { accessKeyId, secretAccessKey, sessionToken };
}

/** Sends a request of the identity or the token service. */
async function post(
  { endpoint }: CephBucket,
  credentials: TestBucket["credentials"],
  service: "iam" | "sts",
  parameters: Readonly<Record<string, string>>,
): Promise<string> {
  const client = new AwsClient({ ...credentials, service, region: "us-east-1", retries: 0 });
  const response = await client.fetch(`${endpoint}/`, {
    method: "POST",
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
    body: String(new URLSearchParams(parameters)),
  });
  const text = await response.text();
  assert.equal(response.status, 200, `${parameters.Action}: ${text}`);
  return text;
}
