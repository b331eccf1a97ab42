/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
import type { JSX } from "hono/jsx/jsx-runtime";
import { type FormProblem, SelectField, TextField } from "../admin/field.tsx";
import { FormToken } from "../admin/page.tsx";
import { type VersionRecord, versionName } from "../item/item-records.ts";
import { HostingField, type HostingOptions } from "./hosting-field.tsx";

/** What the form contained when nothing could be moved. */
export interface SentHosting {
  /** The ID of a version; empty for all. */
  readonly version: string;
  readonly hosting: string;
  readonly url: string;
}

/** What the forms need. */
export interface HostingFormsProps {
  readonly itemId: string;
  readonly formToken: string;
  readonly hosting: HostingOptions;
  readonly versions: readonly VersionRecord[];
  readonly sentHosting: SentHosting | undefined;
  readonly problem: FormProblem | undefined;
}

/** The form that moves the files of an item, and the one that checks whether each is where it should be. */
export function HostingForms(props: HostingFormsProps): JSX.Element {
  const { itemId, formToken, hosting, versions, sentHosting, problem } = props;
  return (
    <>
      <h3>Move files</h3>
      <form class="inline move" method="post" action={`/items/${itemId}/host`}>
        <FormToken formToken={formToken} />
        <SelectField id="moved-version" name="version" label="Version" problem={problem}>
          <option value="">All versions</option>
          {versions.map((version) => (
            <option value={version.id} selected={version.id === sentHosting?.version}>
              {versionName(version)}
            </option>
          ))}
        </SelectField>
        <HostingField id="moved-to" options={hosting} selected={sentHosting?.hosting ?? ""} problem={problem} isMove />
        {hosting.webServers.length > 0 && (
          <div class="when-web-server">
            <TextField
              id="moved-url"
              name="url"
              label="URL, if on a web server"
              placeholder={`${hosting.webServers[0]}/App.ipa`}
              value={sentHosting?.url ?? ""}
              autocomplete="off"
              spellcheck={false}
              problem={problem}
            />
          </div>
        )}
        <button class="second" type="submit">
          Move
        </button>
      </form>
      <form class="below" method="post" action={`/items/${itemId}/check`}>
        <FormToken formToken={formToken} />
        <button class="second" type="submit">
          Check the files
        </button>
        <p class="hint">
          Opens each file at its location, as a download would, and lists those that cannot be downloaded.
        </p>
      </form>
    </>
  );
}
