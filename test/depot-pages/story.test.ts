import { storySuite } from "./story-suite.ts";

storySuite("with JavaScript", { javaScript: true });
storySuite("without JavaScript", { javaScript: false });
