import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import tls from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { KeptConnections } from '../../../../lib/aws/calls/kept-connections.ts';
import { makeCertificate } from '../../../../workbench/local-aws/machine/certificate.ts';

const reply = (body: string, head = ''): string =>
  `HTTP/1.1 200 OK\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${head}\r\n${body}`;

/** A server that answers each request with the next of these texts, and keeps what it received. */
let received: string[];
let sockets: Socket[];
let answer: (socket: Socket) => void;
let server: net.Server;
let connections: KeptConnections;
beforeEach(async () => {
  [received, sockets] = [[], []];
  answer = (socket) => socket.write(reply('{}'));
  server = net.createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined); // the client closes connections as it likes
    socket.on('data', (chunk) => {
      received.push(chunk.toString());
      answer(socket);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  connections = connectionsWithin(10_000); // ms; no test but one waits for it
});
const connectionsWithin = (timeoutMs: number) =>
  new KeptConnections(new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), timeoutMs);
afterEach(() => {
  connections.close();
  for (const socket of sockets) socket.destroy();
  server.close();
});
const post = (body = '{}') => connections.post({ host: 'x', 'x-amz-target': 'T' }, body);

describe('a post over a kept connection', () => {
  it('sends its headers and the length of its body in bytes', async () => {
    expect(await post('{"S":"ü"}')).toMatchObject({ status: 200, text: '{}' });
    expect(received).toEqual(['POST / HTTP/1.1\r\nhost: x\r\nx-amz-target: T\r\ncontent-length: 10\r\n\r\n{"S":"ü"}']);
  });

  it('reads a reply that comes in pieces, one byte at a time', async () => {
    answer = (socket) => {
      socket.setNoDelay(true);
      const bytes = Buffer.from(reply('{"S":"ü"}'));
      let at = 0;
      const next = (): void => {
        if (at < bytes.length) socket.write(bytes.subarray(at, ++at), () => setImmediate(next));
      };
      next();
    };
    expect((await post()).text).toBe('{"S":"ü"}');
    answer = (socket) => socket.write(reply('[]'));
    expect((await post()).text).toBe('[]');
    expect(sockets).toHaveLength(1);
  });

  it('gives requests at the same time a connection each, and keeps both', async () => {
    await Promise.all([post(), post()]);
    await Promise.all([post(), post()]);
    expect(sockets).toHaveLength(2);
  });

  it('opens another connection after a reply that closes it', async () => {
    answer = (socket) => socket.end(reply('{}', 'Connection: close\r\n'));
    await post();
    await post();
    expect(sockets).toHaveLength(2);
  });

  it('is sent again if the service closed the kept connection, and not if that was new', async () => {
    await post();
    sockets[0]?.destroy();
    expect((await post()).text).toBe('{}');
    expect(sockets).toHaveLength(2);
    answer = (socket) => socket.destroy();
    await expect(post()).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('is not sent again after a part of the reply', async () => {
    await post();
    answer = (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{');
    await expect(post()).rejects.toThrow('closed');
    expect(received).toHaveLength(2);
  });

  it('fails without an answer in time, and closes that connection', async () => {
    const closed = new Promise((resolve) => {
      answer = (socket) => socket.on('close', resolve);
    });
    await expect(connectionsWithin(300).post({ host: 'x' }, '{}')).rejects.toThrow('no answer within 300 ms');
    await closed;
  });

  it.each([
    ['no length', 'HTTP/1.1 200 OK\r\n\r\n{}'],
    ['chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n'],
    ['an interim status', 'HTTP/1.1 100 Continue\r\nContent-Length: 0\r\n\r\n'],
    ['more than its length', `${reply('{}')}{}`],
    ['no HTTP', 'SSH-2.0-OpenSSH\r\n\r\n'],
    ['an absurd length', 'HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n{}'],
  ])('fails for a reply with %s', async (_, text) => {
    answer = (socket) => socket.write(text);
    await expect(post()).rejects.toThrow(/a reply/);
    answer = (socket) => socket.write(reply('{}'));
    expect((await post()).text).toBe('{}');
    expect(sockets).toHaveLength(2);
  });

  it('closes a kept connection on which the service says something by itself', async () => {
    await post();
    sockets[0]?.write(reply('{"late":true}'));
    await once(sockets[0] as Socket, 'close');
    expect((await post()).text).toBe('{}');
    expect(sockets).toHaveLength(2);
  });

  it('does not trust a certificate that this machine does not know', async () => {
    const { key, cert } = await makeCertificate(Date.now());
    const secure = tls.createServer({ key, cert }, (socket) => socket.on('error', () => undefined)).listen(0);
    await once(secure, 'listening');
    const strangers = new KeptConnections(
      new URL(`https://localhost:${(secure.address() as AddressInfo).port}`),
      3_000,
    );
    await expect(strangers.post({ host: 'x' }, '{}')).rejects.toThrow(/certificate/);
    secure.close();
  });
});
