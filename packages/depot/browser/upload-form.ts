/*! Contains tus-js-client (MIT, Transloadit Ltd), js-base64 (BSD 3-Clause, Dan Kogai), url-parse, requires-port and
querystringify (MIT, Arnout Kazemier and contributors); their licences are in their packages on npm. */
import { type DetailedError, defaultOptions, type PreviousUpload, Upload } from "tus-js-client";

/** How long to wait before each attempt to continue, in milliseconds, after the connection or the depot failed. */
const retryDelays = [0, 1000, 3000, 5000, 10_000, 20_000, 30_000];
/** The depot removes an upload that has received nothing for this long, in milliseconds. */
const longestPause = 24 * 60 * 60 * 1000;

for (const form of document.querySelectorAll<HTMLFormElement>("form[data-uploads]")) prepare(form);

/** Makes a form send its file in parts, with progress, so that an upload that was interrupted can be continued. */
function prepare(form: HTMLFormElement): void {
  const find = <Element extends HTMLElement>(selector: string): Element => {
    const found = form.querySelector<Element>(selector);
    if (!found) throw new Error(`the form has no ${selector}`);
    return found;
  };
  const file = find<HTMLInputElement>('input[type="file"]');
  const fields = find("[data-fields]");
  const progress = find("[data-progress]");
  const bar = find<HTMLProgressElement>("progress");
  const [name, amount, state] = [find("[data-name]"), find("[data-amount]"), find("[data-state]")];
  const [cancel, again] = [find("[data-cancel]"), find("[data-again]")];
  const formToken = find<HTMLInputElement>('[name="form_token"]').value;
  let upload: Upload | undefined;

  void offerToContinue(state);

  form.addEventListener("submit", (event) => {
    const chosen = file.files?.[0];
    if (!chosen) return;
    event.preventDefault();
    if (fits(chosen)) void begin(chosen);
  });
  cancel.addEventListener("click", () => void end());
  again.addEventListener("click", () => {
    again.hidden = true;
    state.textContent = "";
    upload?.start();
  });

  /** Whether the selected hosting location stores files of this size; if not, nothing is sent. */
  function fits({ size }: File): boolean {
    const hosting = find<HTMLSelectElement>('[name="hosting"]');
    const [choice] = hosting.selectedOptions;
    const largest = Number(choice?.dataset.largest ?? Number.POSITIVE_INFINITY);
    if (size <= largest) return true;
    state.textContent = `The file is larger than ${largest / 1024 ** 2} MiB, the most that this hosting location stores. Choose another one.`;
    hosting.focus();
    return false;
  }

  async function begin(chosen: File): Promise<void> {
    show(true);
    name.textContent = chosen.name;
    state.textContent = "";
    bar.removeAttribute("value");
    amount.textContent = "";
    upload = new Upload(chosen, {
      endpoint: form.dataset.uploads ?? "",
      metadata: { filename: chosen.name },
      headers: { "X-Form-Token": formToken },
      retryDelays,
      removeFingerprintOnSuccess: true,
      onShouldRetry: (error) => {
        const status = error.originalResponse?.getStatus() ?? 0;
        // 409 and 423: another request of this upload has just ended, or is still running. 507: the disk is full.
        return status === 0 || status === 409 || status === 423 || (status >= 500 && status !== 507);
      },
      onProgress(sent, size) {
        bar.value = size ? sent / size : 1;
        amount.textContent = `${Math.floor(bar.value * 100)} %, ${megabytes(sent)} of ${megabytes(size ?? sent)}`;
      },
      onSuccess: () => publish(chosen),
      onError: (error) => fail(error),
    });
    const [previous] = await upload.findPreviousUploads();
    if (previous && isRecent(previous)) {
      upload.resumeFromPreviousUpload(previous);
      state.textContent = "The upload continues where it was interrupted.";
    }
    upload.start();
  }

  function fail(error: Error | DetailedError): void {
    const response = "originalResponse" in error ? error.originalResponse : undefined;
    const status = response?.getStatus() ?? 0;
    const reason =
      status === 401
        ? "You are no longer signed in. Reload the page, sign in, and choose the file again: the upload continues."
        : (status >= 400 && response?.getBody().trim()) || "The depot cannot be reached.";
    state.textContent = `The upload has stopped. ${reason}`;
    if (status !== 0 && status < 500) {
      show(false);
    } else {
      again.hidden = false;
      again.focus();
    }
  }

  async function end(): Promise<void> {
    await upload?.abort(true).catch(() => {});
    upload = undefined;
    show(false);
    state.textContent = "The upload was cancelled.";
    file.focus();
  }

  /** The depot responds with the page of what was published, or with what is wrong with it. */
  function publish(chosen: File): void {
    amount.textContent = "Complete. The depot is reading and publishing the file.";
    cancel.hidden = true;
    add("upload", upload?.url?.split("/").at(-1) ?? "");
    add("file_name", chosen.name);
    file.disabled = true;
    form.action = form.dataset.publish ?? "";
    form.enctype = "application/x-www-form-urlencoded";
    form.submit();
  }

  function add(name: string, value: string): void {
    const input = document.createElement("input");
    Object.assign(input, { type: "hidden", name, value });
    form.append(input);
  }

  function show(isUploading: boolean): void {
    fields.hidden = isUploading;
    progress.hidden = !isUploading;
    again.hidden = true;
    if (isUploading) cancel.focus();
  }
}

/** After a reload, the browser no longer has the file. */
async function offerToContinue(state: HTMLElement): Promise<void> {
  const uploads = (await defaultOptions.urlStorage?.findAllUploads()) ?? [];
  const [latest] = uploads.filter(isRecent).toSorted((one, other) => createdAt(other) - createdAt(one));
  if (latest)
    state.textContent = `The upload of ${latest.metadata.filename} was interrupted. Choose the file again to continue.`;
}

function isRecent(upload: PreviousUpload): boolean {
  return Date.now() - createdAt(upload) < longestPause;
}

function createdAt({ creationTime }: PreviousUpload): number {
  return Date.parse(creationTime);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
