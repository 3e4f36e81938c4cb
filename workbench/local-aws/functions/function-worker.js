// The Lambda runtime of one function, in a worker thread. It is plain JavaScript so that workers need no module loader.
import { existsSync, readFileSync } from 'node:fs';
import Module from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import { CodeCache } from './code-cache.js';

/** Lambda's limit on the response of a synchronous invocation. */
const MAX_RESPONSE_BYTES = 6 * 1024 * 1024;

const describe = (error) => ({
  errorType: error instanceof Error ? error.name : typeof error,
  message: error instanceof Error ? error.message : String(error),
});

/**
 * Loads "file.export" from the function's folder as Lambda does: `.js` is CommonJS unless a package.json next to it
 * says otherwise.
 */
async function loadHandler(folder, handler) {
  const dot = handler.lastIndexOf('.');
  const [stem, name] = [path.join(folder, handler.slice(0, dot)), handler.slice(dot + 1)];
  const file = ['.js', '.mjs', '.cjs'].map((extension) => stem + extension).find((candidate) => existsSync(candidate));
  if (!file) throw new Error(`Cannot find module '${stem}'`);
  const isModule = file.endsWith('.mjs') || (file.endsWith('.js') && packageType(folder) === 'module');
  const exported = isModule ? await import(pathToFileURL(file).href) : loadCommonJs(file);
  if (typeof exported[name] !== 'function') throw new Error(`${handler} is undefined or not exported`);
  return exported[name];
}

const code = new CodeCache();
const loaded = new Map();

/**
 * Loads a bundle as CommonJS, and the files beside it that it requires. Node's `require` would apply the "type" of a
 * package.json above the assembly, such as this package's "module", and compile the file again in each environment.
 */
function loadCommonJs(file) {
  const known = loaded.get(file);
  if (known) return known.exports;
  const module = new Module(file);
  loaded.set(file, module);
  const others = Module.createRequire(file);
  const require = (id) => (/^\.\/[\w-]+\.js$/.test(id) ? loadCommonJs(path.join(path.dirname(file), id)) : others(id));
  code
    .compile(file)
    .call(module.exports, module.exports, Object.assign(require, others), module, file, path.dirname(file));
  return module.exports;
}

function packageType(folder) {
  const file = path.join(folder, 'package.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).type : undefined;
}

function contextOf({ requestId, deadlineMs }) {
  return {
    ...workerData.context,
    awsRequestId: requestId,
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, deadlineMs - Date.now()),
  };
}

async function invoke(handler, call) {
  try {
    const payload = JSON.stringify((await handler(JSON.parse(call.event), contextOf(call))) ?? null);
    if (Buffer.byteLength(payload) > MAX_RESPONSE_BYTES) {
      const message = `Response payload size exceeded maximum allowed payload size (${MAX_RESPONSE_BYTES} bytes).`;
      return { error: { errorType: 'Function.ResponseSizeTooLarge', message } };
    }
    return { payload };
  } catch (error) {
    if (error instanceof Error) console.error(error.stack);
    return { error: describe(error) };
  }
}

try {
  const handler = await loadHandler(workerData.folder, workerData.handler);
  parentPort.on('message', async (call) => {
    parentPort.postMessage({ requestId: call.requestId, ...(await invoke(handler, call)) });
    code.keep();
  });
  parentPort.postMessage({ ready: true });
} catch (error) {
  parentPort.postMessage({ initError: describe(error) });
}
