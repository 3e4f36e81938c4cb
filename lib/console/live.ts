import { useEffect, useState } from 'preact/hooks';
import type { Lives } from './api.ts';
import { ask, messageOf, RETRY_MS, repeatedly } from './fetched.ts';
import { type Known, NOTHING, withUpdate } from './lives.ts';

/** More lives are on their way: the page asks for them at once, and again so soon while the server reads its ledger. */
const MORE_MS = 0;
const READING_MS = 400;

/** All lives that the server has, kept up to date; and whether it still answers. */
export interface Live {
  readonly known: Known;
  /** The latest lives are there. */
  readonly isLoaded: boolean;
  /** While older lives are still missing: they are there back to this time. */
  readonly backToMs?: number;
  /** Server's time minus this computer's: their clocks are the same, but for a page in a virtual machine. */
  readonly aheadMs: number;
  readonly error?: string;
}

/** Asks for changes every `everyMs`, from the revision that it has. */
export function useLive(everyMs: number | undefined): Live {
  const [live, setLive] = useState<Live>({ known: NOTHING, isLoaded: false, aheadMs: 0 });
  useEffect(() => {
    if (everyMs === undefined) return undefined;
    let known: Known = NOTHING;
    return repeatedly(async () => {
      try {
        const lives = await ask<Lives>(`lives?since=${known.next}`);
        const isNews = lives.lives.length > 0;
        known = withUpdate(known, lives);
        const now: Live = {
          known,
          isLoaded: true,
          backToMs: backToOf(known, lives),
          aheadMs: lives.nowMs - Date.now(),
        };
        // The page is drawn anew only for news.
        setLive((before) =>
          isNews || !before.isLoaded || before.error || before.backToMs !== now.backToMs ? now : before,
        );
        return waitMsAfter(lives, everyMs);
      } catch (error) {
        setLive((before) => ({ ...before, error: messageOf(error) }));
        return RETRY_MS;
      }
    });
  }, [everyMs]);
  return live;
}

/** While the page itself lacks lives that the server has, the oldest one that it has. */
const backToOf = ({ sorted }: Known, { hasMore, readBackToMs }: Lives): number | undefined =>
  hasMore ? sorted.at(-1)?.firstAtMs : readBackToMs;

function waitMsAfter({ hasMore, readBackToMs }: Lives, everyMs: number): number {
  if (hasMore) return MORE_MS;
  if (document.hidden) return RETRY_MS;
  return readBackToMs === undefined ? everyMs : READING_MS;
}

/** The time, again and again: what moves is drawn at most this often. */
export function useNow(aheadMs: number, everyMs: number, isOn: boolean): number {
  const [now, setNow] = useState(() => Date.now() + aheadMs);
  useEffect(() => {
    if (!isOn) return undefined;
    const timer = setInterval(() => setNow(Date.now() + aheadMs), everyMs);
    return () => clearInterval(timer);
  }, [aheadMs, everyMs, isOn]);
  return now;
}

const AGAIN_MS = 5000;
/** While lives are still missing, figures change fast, but the server needs its time for the reading. */
const AGAIN_READING_MS = 3000;

/** How often to ask for a document about all lives. It is asked for anew as soon as all are there. */
export const againMs = ({ backToMs }: Live): number => (backToMs === undefined ? AGAIN_MS : AGAIN_READING_MS);
