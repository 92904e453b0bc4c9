import type HandlebarsModule from "handlebars";
// The extension matters: without it Node finds no such file, and the full package would bring the compiler along.
import runtime from "handlebars/runtime.js";
import { templates } from "./templates.generated.js";

const handlebars: typeof HandlebarsModule = (runtime as typeof HandlebarsModule).create();

/** A template as `scripts/templates.js` precompiles it. */
export type TemplateSpecification = Parameters<typeof HandlebarsModule.template>[0];

const ready = new Map<string, (view: object) => string>();

for (const [name, specification] of Object.entries(templates)) {
  if (name.startsWith("partials/")) {
    handlebars.registerPartial(name.slice("partials/".length), handlebars.template(specification));
  } else if (name.includes("/partials/")) {
    handlebars.registerPartial(name.replace("/partials/", "/"), handlebars.template(specification));
  }
}

/** Runs a precompiled template. @throws when there is none of that name, or a view lacks a value. */
export function runTemplate(name: string, view: object): string {
  let template = ready.get(name);
  if (template === undefined) {
    const specification = templates[name];
    if (specification === undefined) throw new Error(`there is no template ${name}`);
    const delegate = handlebars.template<object>(specification);
    // views hold own properties only: a schema's names must not reach inherited ones
    template = (value) => delegate(value, { allowProtoPropertiesByDefault: false, allowProtoMethodsByDefault: false });
    ready.set(name, template);
  }
  return template(view);
}
