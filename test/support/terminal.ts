/** Makes a stream a terminal of some width, or none, while `work` runs. */
export async function onTerminal<T>(
  stream: NodeJS.WriteStream,
  isTTY: boolean,
  work: () => T | Promise<T>,
  columns = 200,
): Promise<T> {
  const before = Object.getOwnPropertyDescriptor(stream, 'isTTY');
  const widthBefore = Object.getOwnPropertyDescriptor(stream, 'columns');
  const { NO_COLOR: noColor } = process.env;
  Object.defineProperty(stream, 'isTTY', { value: isTTY, configurable: true });
  Object.defineProperty(stream, 'columns', { value: columns, configurable: true, writable: true });
  delete process.env.NO_COLOR;
  try {
    return await work();
  } finally {
    if (before) Object.defineProperty(stream, 'isTTY', before);
    else Reflect.deleteProperty(stream, 'isTTY');
    if (widthBefore) Object.defineProperty(stream, 'columns', widthBefore);
    else Reflect.deleteProperty(stream, 'columns');
    if (noColor !== undefined) process.env.NO_COLOR = noColor;
  }
}
