/** Does all at once. Fails only when nothing is under way any more. */
export async function together<T>(items: Iterable<T>, act: (item: T) => Promise<void>): Promise<void> {
  const work = [...items].map(act);
  await Promise.allSettled(work);
  await Promise.all(work);
}
