/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
import { isConfigurationError } from "@portcullis/core";
import type { Hono } from "hono";
import type { JSX } from "hono/jsx/jsx-runtime";
import type { AdminContext, AdminEnvironment } from "../admin/admin-environment.ts";
import type { FormProblem } from "../admin/field.tsx";
import { FormToken, Notice, Page, sendPage } from "../admin/page.tsx";
import { sentences } from "../admin/sentences.ts";
import type { Actor } from "../audit/audit.ts";
import type { Configuration, ConfigurationRecord } from "./configuration.ts";
import { type ConfigurationFields, ConfigurationForm } from "./configuration-form.tsx";
import { generateEncryptionKey } from "./generate-encryption-key.ts";
import { KeysCard } from "./keys-card.tsx";
import type { VerificationKey } from "./verification-keys.ts";

/** Adds the form with the fields of Jamf Pro's "JSON Web Token Configuration". */
export function addConfigurationPage(
  app: Hono<AdminEnvironment>,
  configurationFor: (actor: Actor) => Configuration,
): void {
  async function show(context: AdminContext, sent?: ConfigurationFields, problem?: FormProblem): Promise<Response> {
    const configuration = configurationFor(context.var.actor);
    const record = await configuration.read();
    const keys = await configuration.verificationKeys();
    const signingFirst = keys.toSorted(
      (one, other) => Number(other.keyId === record?.keyId) - Number(one.keyId === record?.keyId),
    );
    const fields = sent ?? {
      displayName: record?.displayName ?? "",
      tokenExpiry: String(record?.tokenExpiry ?? 30),
      enabled: record?.enabled ?? true,
      keySource: record ? "keep" : "generate",
    };
    const props = {
      record,
      keys: signingFirst,
      fields,
      problem,
      formToken: context.var.session.formToken,
      done: context.req.query("done"),
    };
    return sendPage(context, <ConfigurationPage {...props} />, problem ? 400 : 200);
  }

  app.get("/configuration", (context) => show(context));

  app.post("/configuration", async (context) => {
    const body = await context.req.parseBody();
    const text = (name: string): string => (typeof body[name] === "string" ? body[name] : "");
    const fields = {
      displayName: text("display_name"),
      tokenExpiry: text("token_expiry"),
      enabled: text("enabled") === "yes",
      keySource: text("key_source"),
    };
    try {
      await configurationFor(context.var.actor).save({
        displayName: fields.displayName,
        encryptionKey: await readKey(fields.keySource, text("pasted_key"), body.key_file),
        tokenExpiry: /^\d{1,3}$/.test(fields.tokenExpiry.trim()) ? Number(fields.tokenExpiry) : Number.NaN,
        enabled: fields.enabled,
      });
      return context.redirect("/configuration?done=saved", 303);
    } catch (error) {
      if (!isConfigurationError(error)) throw error;
      return show(context, fields, {
        field: fieldOf(error.option, fields.keySource),
        text: sentences({ message: error.problem, remedy: error.remedy }),
      });
    }
  });

  app.post("/configuration/remove", async (context) => {
    const configuration = configurationFor(context.var.actor);
    if (await configuration.read()) await configuration.remove();
    return context.redirect("/configuration?done=removed", 303);
  });
}

/** The new key; `undefined` to keep the current one. */
async function readKey(source: string, pasted: string, file: unknown): Promise<string | undefined> {
  if (source === "paste") return pasted;
  if (source === "upload") return file instanceof File ? file.text() : "";
  return source === "generate" ? generateEncryptionKey() : undefined;
}

/** The field that an option of the configuration comes from. */
function fieldOf(option: string, keySource: string): string {
  if (option === "displayName") return "display-name";
  if (option === "tokenExpiry") return "token-expiry";
  if (keySource === "paste") return "pasted-key";
  return keySource === "upload" ? "key-file" : "encryption-key";
}

const notices: Readonly<Record<string, string>> = {
  saved: "The configuration was saved.",
  removed: "The configuration was removed. Until you save another one, no app can be installed.",
  password: "The password was set, and you are signed in.",
};

interface ConfigurationPageProps {
  readonly record: ConfigurationRecord | undefined;
  readonly keys: readonly VerificationKey[];
  readonly fields: ConfigurationFields;
  readonly problem: FormProblem | undefined;
  readonly formToken: string;
  readonly done: string | undefined;
}

function ConfigurationPage(props: ConfigurationPageProps): JSX.Element {
  const { record, keys, fields, problem, formToken, done = "" } = props;
  const notice = Object.hasOwn(notices, done) ? notices[done] : undefined;
  return (
    <Page title="JSON Web Token configuration" section="/configuration" formToken={formToken}>
      {problem !== undefined && <Notice kind="problem">Nothing was saved. {problem.text}</Notice>}
      {problem === undefined && notice !== undefined && <Notice kind="done">{notice}</Notice>}
      {!record && <Notice kind="warn">There is no configuration, so no app can be installed. Save one below.</Notice>}
      <ConfigurationForm {...{ fields, problem, formToken }} hasKey={record !== undefined} />
      <KeysCard keys={keys} signing={record?.keyId} />
      {record && (
        <section class="card" aria-labelledby="remove">
          <h2 id="remove">Remove the configuration</h2>
          <p>
            Its private key is deleted, and no app can be installed until you save another configuration. Tokens that
            were already issued stay valid until they expire.
          </p>
          <form method="post" action="/configuration/remove">
            <FormToken formToken={formToken} />
            <button class="danger" type="submit">
              Remove the configuration
            </button>
          </form>
        </section>
      )}
    </Page>
  );
}
