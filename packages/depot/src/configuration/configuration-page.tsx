/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
import { isConfigurationError } from "@portcullis/core";
import type { Hono } from "hono";
import type { JSX } from "hono/jsx/jsx-runtime";
import type { AdminContext, AdminEnvironment } from "../admin/admin-environment.ts";
import { Badge, FormToken, Notice, Page, sendPage, Time } from "../admin/page.tsx";
import { sentences } from "../admin/sentences.ts";
import type { Actor } from "../audit/audit.ts";
import type { Configuration, ConfigurationRecord } from "./configuration.ts";
import { generateEncryptionKey } from "./generate-encryption-key.ts";
import type { VerificationKey } from "./verification-keys.ts";

/** Minutes that the form suggests; any whole number from 1 to 120 can be typed. */
const suggestedExpiries = [5, 10, 15, 30, 60, 120];

/** What the form contained when it could not be saved. The key is never shown again. */
interface FormState {
  readonly displayName: string;
  readonly tokenExpiry: string;
  readonly enabled: boolean;
  readonly keySource: string;
}

interface FormProblem {
  readonly field: "displayName" | "encryptionKey" | "tokenExpiry";
  readonly text: string;
}

/** Adds the form with the fields of Jamf Pro's "JSON Web Token Configuration". */
export function addConfigurationPage(
  app: Hono<AdminEnvironment>,
  configurationFor: (actor: Actor) => Configuration,
): void {
  async function show(context: AdminContext, sent?: FormState, problem?: FormProblem): Promise<Response> {
    const configuration = configurationFor(context.var.actor);
    const record = await configuration.read();
    const keys = await configuration.verificationKeys();
    const signingFirst = keys.toSorted(
      (one, other) => Number(other.keyId === record?.keyId) - Number(one.keyId === record?.keyId),
    );
    const form = sent ?? {
      displayName: record?.displayName ?? "",
      tokenExpiry: String(record?.tokenExpiry ?? 30),
      enabled: record?.enabled ?? true,
      keySource: record ? "keep" : "generate",
    };
    const props = {
      record,
      keys: signingFirst,
      form,
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
    const form = {
      displayName: text("display_name"),
      tokenExpiry: text("token_expiry"),
      enabled: text("enabled") === "yes",
      keySource: text("key_source"),
    };
    try {
      await configurationFor(context.var.actor).save({
        displayName: form.displayName,
        encryptionKey: await readKey(form.keySource, text("pasted_key"), body.key_file),
        tokenExpiry: /^\d{1,3}$/.test(form.tokenExpiry.trim()) ? Number(form.tokenExpiry) : Number.NaN,
        enabled: form.enabled,
      });
      return context.redirect("/configuration?done=saved", 303);
    } catch (error) {
      if (!isConfigurationError(error)) throw error;
      return show(context, form, {
        field: fieldOf(error.option),
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

/** The new key, `undefined` to keep the one that there is. */
async function readKey(source: string, pasted: string, file: unknown): Promise<string | undefined> {
  if (source === "paste") return pasted;
  if (source === "upload") return file instanceof File ? file.text() : "";
  return source === "generate" ? generateEncryptionKey() : undefined;
}

function fieldOf(option: string): FormProblem["field"] {
  return option === "displayName" || option === "tokenExpiry" ? option : "encryptionKey";
}

const notices: Readonly<Record<string, string>> = {
  saved: "The configuration was saved.",
  removed: "The configuration was removed. Links get no manifest until there is one again.",
  password: "The password was set, and you are signed in.",
};

interface ConfigurationPageProps {
  readonly record: ConfigurationRecord | undefined;
  readonly keys: readonly VerificationKey[];
  readonly form: FormState;
  readonly problem: FormProblem | undefined;
  readonly formToken: string;
  readonly done: string | undefined;
}

function ConfigurationPage(props: ConfigurationPageProps): JSX.Element {
  const { record, keys, form, problem, formToken, done = "" } = props;
  const notice = Object.hasOwn(notices, done) ? notices[done] : undefined;
  return (
    <Page title="JSON Web Token configuration" section="/configuration" formToken={formToken}>
      {problem !== undefined && <Notice kind="problem">Nothing was saved. {problem.text}</Notice>}
      {problem === undefined && notice !== undefined && <Notice kind="done">{notice}</Notice>}
      {!record && <Notice kind="warn">There is no configuration, so no app can be installed. Save one below.</Notice>}
      <form class="card" method="post" enctype="multipart/form-data">
        <FormToken formToken={formToken} />
        <div class="field">
          <label for="display-name">Display name</label>
          <input
            id="display-name"
            name="display_name"
            value={form.displayName}
            required
            {...invalid(problem, "displayName")}
          />
        </div>
        <KeyField form={form} hasKey={record !== undefined} problem={problem} />
        <div class="field">
          <label for="token-expiry">Token expiry, in minutes</label>
          <input
            id="token-expiry"
            name="token_expiry"
            type="number"
            min={1}
            max={120}
            step={1}
            list="expiries"
            value={form.tokenExpiry}
            required
            {...invalid(problem, "tokenExpiry", "token-expiry-hint")}
          />
          <datalist id="expiries">
            {suggestedExpiries.map((minutes) => (
              <option value={String(minutes)} />
            ))}
          </datalist>
          <p class="hint" id="token-expiry-hint">
            1 to 120. A download that has begun is not ended by it, but it can be resumed only until then.
          </p>
        </div>
        <div class="choice field">
          <input id="enabled" name="enabled" type="checkbox" value="yes" checked={form.enabled} />
          <label for="enabled">Enabled: links get manifests with fresh tokens</label>
        </div>
        <button type="submit">Save</button>
      </form>
      <KeysCard keys={keys} signing={record?.keyId} />
      {record && (
        <section class="card" aria-labelledby="remove">
          <h2 id="remove">Remove the configuration</h2>
          <p>
            Its private key is deleted, and links get no manifest until another configuration is saved. Tokens that were
            issued work until they expire.
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

/** For the field that is wrong: the notice above says how. */
function invalid(problem: FormProblem | undefined, field: FormProblem["field"], hint?: string): Record<string, string> {
  const isWrong = problem?.field === field;
  return {
    ...(isWrong && { "aria-invalid": "true" }),
    ...(hint !== undefined && { "aria-describedby": hint }),
  };
}

interface KeyFieldProps {
  readonly form: FormState;
  readonly hasKey: boolean;
  readonly problem: FormProblem | undefined;
}

function KeyField({ form, hasKey, problem }: KeyFieldProps): JSX.Element {
  return (
    <fieldset {...invalid(problem, "encryptionKey", "key-hint")}>
      <legend>Encryption key</legend>
      {hasKey && <KeyChoice {...{ form, value: "keep", label: "Keep the key that is saved" }} />}
      <KeyChoice {...{ form, value: "generate", label: "Generate a key here: RSA, 2048 bits" }} />
      <KeyChoice {...{ form, value: "paste", label: "Paste or type an encryption key" }} />
      <div class="field when-paste">
        <label for="pasted-key">Private key, PEM</label>
        <textarea id="pasted-key" name="pasted_key" spellcheck={false} autocomplete="off" />
      </div>
      <KeyChoice {...{ form, value: "upload", label: "Upload an encryption key file" }} />
      <div class="field when-upload">
        <label for="key-file">Key file</label>
        <input id="key-file" name="key_file" type="file" accept=".pem,.key" />
      </div>
      <p class="hint" id="key-hint">
        An RSA private key of 2048 to 8192 bits. It is stored encrypted and never shown again. The key before it stays
        valid for downloads until its last token has expired.
      </p>
    </fieldset>
  );
}

interface KeyChoiceProps {
  readonly form: FormState;
  readonly value: string;
  readonly label: string;
}

function KeyChoice({ form, value, label }: KeyChoiceProps): JSX.Element {
  const id = `key-${value}`;
  return (
    <div class="choice">
      <input id={id} name="key_source" type="radio" value={value} checked={form.keySource === value} required />
      <label for={id}>{label}</label>
    </div>
  );
}

function KeysCard({
  keys,
  signing,
}: {
  readonly keys: readonly VerificationKey[];
  readonly signing: string | undefined;
}): JSX.Element {
  return (
    <section class="card" aria-labelledby="keys">
      <h2 id="keys">Public keys</h2>
      {keys.length === 0 && <p class="faint">None: every download is refused.</p>}
      {keys.map(({ keyId, pem, acceptedUntil }) => (
        <div class="key">
          <p>
            <code>{keyId}</code>{" "}
            {keyId === signing ? (
              <Badge kind="good">signs tokens</Badge>
            ) : (
              <Badge kind="warn">
                accepted until {acceptedUntil === undefined ? "it is replaced" : <Time at={acceptedUntil} />}
              </Badge>
            )}
          </p>
          <details>
            <summary>Public key, for other servers that check these tokens</summary>
            <pre tabindex={0}>{pem}</pre>
          </details>
        </div>
      ))}
    </section>
  );
}
