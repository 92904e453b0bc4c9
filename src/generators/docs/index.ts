import type { Generator } from "../generator.js";
import { createDocsContext } from "./context.js";
import { pageView } from "./view.js";

/** One HTML file that shows everything the contracts offer: REST, gRPC, events, types, and how they hang together. */
export const docs: Generator = {
  id: "docs",
  summary: "one self-contained HTML page: REST, gRPC, events, types, topology",
  byDefault: false,
  showsRoutes: true,
  declare() {},
  files: () => [],
  async project({ model }) {
    const context = createDocsContext(model);
    if (context.protos.length === 0 && context.events.length === 0) return [];
    return [{ path: "docs/index.html", template: "docs/page", view: await pageView(context), scope: undefined }];
  },
};
