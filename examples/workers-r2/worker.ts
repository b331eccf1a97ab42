import { type R2BucketLike, r2, respond } from "@portcullis/origin";
import { guard } from "@portcullis/web-fetch";

interface Environment {
  PUBLIC_KEY: string;
  APPS: R2BucketLike;
}

let guarded: ((request: Request, environment: Environment) => Promise<Response>) | undefined;

export default {
  fetch(request: Request, environment: Environment): Promise<Response> {
    guarded ??= guard({ keys: environment.PUBLIC_KEY }, (inner, _download, { APPS }: Environment) =>
      respond(r2(APPS), inner),
    );
    return guarded(request, environment);
  },
};
