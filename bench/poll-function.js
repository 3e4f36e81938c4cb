/** One environment of the tls-api function, for bench/lean-poll.ts: its first poll, then many. Prints CPU in µs. */
import { createRequire } from 'node:module';
import { argv, cpuUsage, env } from 'node:process';

const [, , bundle, polls = '2000'] = argv;
const event = {
  httpMethod: 'POST',
  path: '/v1/distributed/read',
  headers: { 'Content-Type': 'application/json' },
  body: Buffer.from(JSON.stringify({ node_key: env.NODE_KEY })).toString('base64'),
  isBase64Encoded: true,
};
const context = { getRemainingTimeInMillis: () => 15_000 };
let handler;
async function poll() {
  const { body } = await handler(event, context);
  if (body !== '{"queries":{}}') throw new Error(`not an idle poll: ${body}`);
}
async function cpuOf(work) {
  const before = cpuUsage();
  await work();
  const { user, system } = cpuUsage(before);
  return user + system;
}

const cold = await cpuOf(async () => {
  ({ handler } = createRequire(import.meta.url)(bundle));
  await poll();
});
// An environment answers polls for hours, so its code is compiled.
for (let warm = 0; warm < 1_000; warm++) await poll();
const all = await cpuOf(async () => {
  for (let polled = 0; polled < Number(polls); polled++) await poll();
});
console.log(JSON.stringify({ cold, warm: all / Number(polls) }));
process.exit(); // connections are kept open
