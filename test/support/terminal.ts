/** Makes a stream a terminal, or not, while `work` runs. */
export async function onTerminal<T>(
  stream: NodeJS.WriteStream,
  isTTY: boolean,
  work: () => T | Promise<T>,
): Promise<T> {
  const before = Object.getOwnPropertyDescriptor(stream, 'isTTY');
  const { NO_COLOR: noColor } = process.env;
  Object.defineProperty(stream, 'isTTY', { value: isTTY, configurable: true });
  delete process.env.NO_COLOR;
  try {
    return await work();
  } finally {
    if (before) Object.defineProperty(stream, 'isTTY', before);
    else Reflect.deleteProperty(stream, 'isTTY');
    if (noColor !== undefined) process.env.NO_COLOR = noColor;
  }
}
