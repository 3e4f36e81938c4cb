/** A timestamp in an ECS event's detail: milliseconds without trailing zeros. */
export function ecsTime(atMs: number): string {
  return new Date(atMs).toISOString().replace(/\.?0*Z$/, 'Z');
}
