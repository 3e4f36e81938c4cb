/** A line of any of the three streams, as read from the files. */
export interface AnyLine {
  readonly id: string;
  readonly kind: string;
  readonly host: string;
  readonly hostname?: string;
  readonly rule?: string;
  readonly query?: string;
  readonly queryId?: string;
  readonly set?: string;
  readonly status?: number;
  readonly message?: string;
  readonly workload?: string | null;
  readonly columns?: Readonly<Record<string, string>> | null;
  readonly decorations?: Readonly<Record<string, string>>;
  readonly late?: boolean;
  readonly repeat?: boolean;
  readonly givenUp?: string;
  readonly logType?: string;
  readonly line?: unknown;
  readonly endpoint?: string;
  readonly reason?: string;
  readonly bodyBase64?: string;
  readonly truncated?: boolean;
}

export function asAnyLine(value: unknown): AnyLine {
  if (typeof value !== 'object' || value === null || !('id' in value) || !('kind' in value)) {
    throw new Error(`no line: ${JSON.stringify(value)}`);
  }
  return value as AnyLine;
}
