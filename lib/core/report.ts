/** Told of what is worth a line; an idle poll is not. Fields hold no secret, no key and no row. */
export type Report = (event: string, fields: Readonly<Record<string, unknown>>) => void;
