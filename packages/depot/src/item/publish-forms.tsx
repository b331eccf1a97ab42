/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
import type { JSX } from "hono/jsx/jsx-runtime";
import { type FormProblem, TextField } from "../admin/field.tsx";
import { FormToken } from "../admin/page.tsx";
import { HostingField, type HostingOptions } from "../hosting/hosting-field.tsx";
import { ChannelField } from "./channel-field.tsx";

/** Where the form sends a file without its script. */
export const uploadPath: string = "/items/upload";
/** Where its script sends a file in parts, with the tus protocol. */
export const uploadsPath: string = "/items/uploads";
/** Where its script publishes a complete upload. */
export const publishPath: string = "/items/publish";
/** Where the form sends the address of a file that is already hosted. */
export const hostedPath: string = "/items/hosted";

/** What the form contained when nothing could be published. */
export interface SentForm {
  readonly channel: string;
  readonly hosting: string;
  /** For a file that is already hosted. */
  readonly address: string;
}

/** What the forms need. */
export interface PublishFormsProps {
  readonly formToken: string;
  readonly hosting: HostingOptions;
  /** The channels that the item has. */
  readonly channels?: readonly string[] | undefined;
  readonly sent?: SentForm | undefined;
  readonly problem?: FormProblem | undefined;
}

/** The forms that publish a file: one that uploads it, and one for a file that is already hosted. */
export function PublishForms(props: PublishFormsProps): JSX.Element {
  const { hasOrigin, webServers } = props.hosting;
  return (
    <>
      <UploadForm {...props} />
      {hasOrigin || webServers.length > 0 ? (
        <HostedForm {...props} />
      ) : (
        <p class="hint below">
          To publish files that are on your own web server without uploading them, start the depot with --web-server.
        </p>
      )}
    </>
  );
}

function UploadForm({ formToken, hosting, channels, sent, problem }: PublishFormsProps): JSX.Element {
  return (
    <form
      method="post"
      action={uploadPath}
      enctype="multipart/form-data"
      data-uploads={uploadsPath}
      data-publish={publishPath}
    >
      <FormToken formToken={formToken} />
      <div data-fields>
        <div class="columns">
          <ChannelField {...channelField({ channels, sent })} id="channel" problem={problem} />
          <HostingField id="hosting" options={hosting} selected={sent?.hosting ?? ""} problem={problem} />
          {/* Last, so that a file that the other fields do not allow is refused before it is received. */}
          <TextField
            id="file"
            label="App or package"
            hint="An .ipa for iPhone and iPad, or a .pkg for Mac."
            type="file"
            accept=".ipa,.pkg"
            required
            problem={problem}
          />
        </div>
        <button type="submit">Upload and publish</button>
      </div>
      <div class="upload" data-progress hidden>
        <p class="name" data-name id="upload-name" />
        <progress max={1} aria-labelledby="upload-name" />
        <p class="faint" data-amount />
        <div class="actions">
          <button type="button" data-again hidden>
            Continue
          </button>
          <button class="second" type="button" data-cancel>
            Cancel
          </button>
        </div>
      </div>
      <p class="hint" role="status" data-state />
    </form>
  );
}

function HostedForm({ formToken, hosting, channels, sent, problem }: PublishFormsProps): JSX.Element {
  const { hasOrigin, webServers } = hosting;
  const example = webServers[0] === undefined ? "apps/App.ipa" : `${webServers[0]}/App.ipa`;
  const label = `${webServers.length > 0 ? "URL on a web server" : ""}${hasOrigin ? ", or name in the origin" : ""}`;
  return (
    <form method="post" action={hostedPath}>
      <h3>Or publish a file that is already hosted elsewhere</h3>
      <FormToken formToken={formToken} />
      <div class="columns">
        <TextField
          id="address"
          label={webServers.length > 0 ? label : "Name in the origin"}
          hint="The depot reads the file once, and does not store it."
          value={sent?.address ?? ""}
          placeholder={example}
          required
          autocomplete="off"
          spellcheck={false}
          problem={problem}
        />
        <ChannelField {...channelField({ channels, sent })} id="hosted-channel" problem={problem} />
      </div>
      <button class="second" type="submit">
        Publish from there
      </button>
    </form>
  );
}

/** The attributes of the channel field in both forms. */
function channelField({ channels = [], sent }: Pick<PublishFormsProps, "channels" | "sent">) {
  const hint = "From now on, links to this channel install this version.";
  return { name: "channel", label: "Channel", hint, value: sent?.channel ?? "release", channels };
}
