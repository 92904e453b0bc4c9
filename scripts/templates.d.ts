export function precompileTemplates(): Promise<void>;
