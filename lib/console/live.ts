import { useEffect, useState } from 'preact/hooks';
import type { Lives } from './api.ts';
import { ask, messageOf, RETRY_MS, repeatedly } from './fetched.ts';
import { type Known, NOTHING, withUpdate } from './lives.ts';

/** All lives that the server has, kept up to date; and whether it still answers. */
export interface Live {
  readonly known: Known;
  readonly isLoaded: boolean;
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
        const now: Live = { known, isLoaded: true, aheadMs: lives.nowMs - Date.now() };
        // The page is drawn anew only for news.
        setLive((before) => (isNews || !before.isLoaded || before.error ? now : before));
        return document.hidden ? RETRY_MS : everyMs;
      } catch (error) {
        setLive((before) => ({ ...before, error: messageOf(error) }));
        return RETRY_MS;
      }
    });
  }, [everyMs]);
  return live;
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
