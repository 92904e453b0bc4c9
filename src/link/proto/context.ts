import type { Report } from "../../diagnostics/index.js";
import type { Enum, Message, ProtoDocument } from "../../model/index.js";
import type { Features } from "./features.js";
import type { OptionSchemas } from "./option-schema.js";
import type { OptionReader } from "./options.js";
import type { Resolver } from "./resolve.js";

/** What every builder of model parts works with. */
export interface LinkContext {
  readonly report: Report;
  /** See `LinkInput`. */
  readonly compiled: boolean;
  /** See `LinkInput`. */
  readonly routes: boolean;
  readonly resolver: Resolver;
  readonly options: OptionReader;
  readonly schemas: OptionSchemas;
  /** Filled while files are built, in any order; complete when the checks across files run. */
  readonly messages: Map<string, Message>;
  readonly enums: Map<string, Enum>;
}

/** The declaration that is being filled. */
export interface Outer {
  readonly document: ProtoDocument;
  /** Full name: a package, or the message around. */
  readonly scope: string;
  /** The message around, if it is one. */
  readonly parent: string | undefined;
  readonly features: Features;
}

/** The context for all that only HTTP is concerned with: silent where no output shows it. */
export function forRoutes(context: LinkContext): LinkContext {
  return context.routes ? context : { ...context, report: () => {} };
}
