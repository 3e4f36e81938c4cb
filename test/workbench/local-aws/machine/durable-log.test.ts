import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { DurableLog } from '../../../../workbench/local-aws/machine/durable-log.ts';
import { aFolder } from '../../../support/folder.ts';
import { notices } from '../support.ts';

const aFile = () => path.join(aFolder(), 'deep', 'file.ndjson');

describe('a durable log', () => {
  it('has each line in the file, in order, when its append resolves', async () => {
    const file = aFile();
    const log = await DurableLog.open(file, notices().notify);
    const lines = Array.from({ length: 200 }, (_, i) => `{"line":${i}}\n`);
    await Promise.all(
      lines.map(async (line, i) => {
        await log.append(Buffer.from(line));
        expect(readFileSync(file, 'utf8')).toContain(lines.slice(0, i + 1).join(''));
      }),
    );
    await log.close();
    expect(readFileSync(file, 'utf8')).toBe(lines.join(''));
  });

  it('accepts lines that arrive the moment others are written', async () => {
    const file = aFile();
    const log = await DurableLog.open(file, notices().notify);
    for (let i = 0; i < 20; i++) await log.append(Buffer.from('1\n'));
    await log.close();
    expect(log.bytes).toBe(40);
  });

  it('removes an unfinished line after a crash, and reports it', async () => {
    const file = aFile();
    const first = await DurableLog.open(file, notices().notify);
    await first.append(Buffer.from('{"kept":1}\n'));
    await first.close();
    appendFileSync(file, `{"torn":"${'x'.repeat(100_000)}`);
    const { seen, notify } = notices();
    const log = await DurableLog.open(file, notify);
    await log.append(Buffer.from('{"next":2}\n'));
    await log.close();
    expect(readFileSync(file, 'utf8')).toBe('{"kept":1}\n{"next":2}\n');
    expect(seen).toEqual([{ kind: 'torn-tail', file, bytes: 100_009 }]);
  });

  it('completes a last line that lacks only its newline', async () => {
    const file = path.join(aFolder(), 'file.ndjson');
    writeFileSync(file, '{"a":1}\n{"whole":2}');
    const { seen, notify } = notices();
    const log = await DurableLog.open(file, notify);
    await log.append(Buffer.from('{"next":3}\n'));
    await log.close();
    expect(readFileSync(file, 'utf8')).toBe('{"a":1}\n{"whole":2}\n{"next":3}\n');
    expect(seen).toEqual([]);
  });

  it('is emptied only when no write is in progress', async () => {
    const file = aFile();
    const log = await DurableLog.open(file, notices().notify);
    const writing = log.append(Buffer.from('{"a":1}\n'));
    await log.clear();
    await writing;
    expect(readFileSync(file, 'utf8')).toBe('{"a":1}\n');
    const clearing = log.clear();
    const meanwhile = log.append(Buffer.from('{"b":2}\n'));
    await Promise.all([clearing, meanwhile]);
    await log.close();
    expect(readFileSync(file, 'utf8')).toBe('{"b":2}\n');
  });

  it('refuses every line of a write that failed', async () => {
    const log = await DurableLog.open(aFile(), notices().notify);
    await log.close();
    const refused = await Promise.allSettled([log.append(Buffer.from('1\n')), log.append(Buffer.from('2\n'))]);
    expect(refused.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });
});
