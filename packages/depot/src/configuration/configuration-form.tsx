/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
import type { JSX } from "hono/jsx/jsx-runtime";
import { FieldNotes, type FormProblem, fieldAttributes, TextField } from "../admin/field.tsx";
import { FormToken } from "../admin/page.tsx";

/** Minutes that the form suggests; any whole number from 1 to 120 can be typed. */
const suggestedExpiries = [5, 10, 15, 30, 60, 120];

/** What the form contains. The key is never shown again. */
export interface ConfigurationFields {
  readonly displayName: string;
  readonly tokenExpiry: string;
  readonly enabled: boolean;
  /** `keep`, `generate`, `paste` or `upload`. */
  readonly keySource: string;
}

interface ConfigurationFormProps {
  readonly fields: ConfigurationFields;
  /** Whether there is a key that can be kept. */
  readonly hasKey: boolean;
  readonly problem: FormProblem | undefined;
  readonly formToken: string;
}

/** The form with the fields of Jamf Pro's "JSON Web Token Configuration". */
export function ConfigurationForm({ fields, hasKey, problem, formToken }: ConfigurationFormProps): JSX.Element {
  return (
    <form class="card" method="post" enctype="multipart/form-data">
      <FormToken formToken={formToken} />
      <TextField
        id="display-name"
        name="display_name"
        label="Display name"
        value={fields.displayName}
        required
        problem={problem}
      />
      <KeyField {...{ fields, hasKey, problem }} />
      <TextField
        id="token-expiry"
        name="token_expiry"
        label="Token expiry, in minutes"
        hint="1 to 120. A download in progress can finish after its token has expired, but can be resumed only before that."
        type="number"
        min={1}
        max={120}
        step={1}
        list="expiries"
        value={fields.tokenExpiry}
        required
        problem={problem}
      />
      <datalist id="expiries">
        {suggestedExpiries.map((minutes) => (
          <option value={String(minutes)} />
        ))}
      </datalist>
      <div class="choice field">
        <input id="enabled" name="enabled" type="checkbox" value="yes" checked={fields.enabled} />
        <label for="enabled">Enabled: links return manifests with fresh tokens</label>
      </div>
      <button type="submit">Save</button>
    </form>
  );
}

function KeyField({ fields, hasKey, problem }: Omit<ConfigurationFormProps, "formToken">): JSX.Element {
  const notes = {
    id: "encryption-key",
    hint: "An RSA private key of 2048 to 8192 bits. It is stored encrypted and never shown again. After a change, the previous key is accepted until its last token has expired.",
    problem,
  };
  return (
    <fieldset {...fieldAttributes(notes)}>
      <legend>Encryption key</legend>
      {hasKey && <KeyChoice {...{ fields, value: "keep", label: "Keep the current key" }} />}
      <KeyChoice {...{ fields, value: "generate", label: "Generate a new key (RSA, 2048 bits)" }} />
      <KeyChoice {...{ fields, value: "paste", label: "Paste or type an encryption key" }} />
      <div class="field when-paste">
        <label for="pasted-key">Private key, PEM</label>
        <textarea
          id="pasted-key"
          name="pasted_key"
          spellcheck={false}
          autocomplete="off"
          {...fieldAttributes({ id: "pasted-key", problem })}
        />
        <FieldNotes id="pasted-key" problem={problem} />
      </div>
      <KeyChoice {...{ fields, value: "upload", label: "Upload an encryption key file" }} />
      <div class="when-upload">
        <TextField id="key-file" name="key_file" label="Key file" type="file" accept=".pem,.key" problem={problem} />
      </div>
      <FieldNotes {...notes} />
    </fieldset>
  );
}

interface KeyChoiceProps {
  readonly fields: ConfigurationFields;
  readonly value: string;
  readonly label: string;
}

function KeyChoice({ fields, value, label }: KeyChoiceProps): JSX.Element {
  const id = `key-${value}`;
  return (
    <div class="choice">
      <input id={id} name="key_source" type="radio" value={value} checked={fields.keySource === value} required />
      <label for={id}>{label}</label>
    </div>
  );
}
