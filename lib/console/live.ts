import { useEffect, useState } from 'preact/hooks';
import type { About, Lives } from './api.ts';
import { ask, messageOf, RETRY_MS, repeatedly } from './fetched.ts';
import { type Known, NOTHING, withUpdate } from './lives.ts';

/** The pause before the next request if the server has more lives than one reply holds, ms. */
const MORE_MS = 0;
/** The same while the server still reads its ledger, ms. */
const READING_MS = 400;

/** The lives that the server has, kept up to date, and its latest error. */
export interface Live {
  readonly known: Known;
  /** Whether the latest lives have arrived. */
  readonly isLoaded: boolean;
  /** Set while older lives are missing: every life since this time, epoch ms, has arrived. */
  readonly backToMs?: number;
  /** The server's time minus the browser's, ms. They differ only if the browser runs in a virtual machine. */
  readonly aheadMs: number;
  readonly error?: string;
}

/** Asks for changes every `everyMs`, from the revision that it has. Keeps `mostLives`, and drops the oldest. */
export function useLive({ everyMs, mostLives }: Partial<About> = {}): Live {
  const [live, setLive] = useState<Live>({ known: NOTHING, isLoaded: false, aheadMs: 0 });
  useEffect(() => {
    if (everyMs === undefined) return undefined;
    let known: Known = NOTHING;
    return repeatedly(async () => {
      try {
        const lives = await ask<Lives>(`lives?since=${known.next}`);
        const isNews = lives.lives.length > 0;
        known = withUpdate(known, lives, mostLives);
        const now: Live = {
          known,
          isLoaded: true,
          backToMs: backToOf(known, lives),
          aheadMs: lives.nowMs - Date.now(),
        };
        // The page is redrawn only if something changed.
        setLive((before) =>
          isNews || !before.isLoaded || before.error || before.backToMs !== now.backToMs ? now : before,
        );
        return waitMsAfter(lives, everyMs);
      } catch (error) {
        setLive((before) => ({ ...before, error: messageOf(error) }));
        return RETRY_MS;
      }
    });
  }, [everyMs, mostLives]);
  return live;
}

/** How far back the lives are complete: in the page while it fetches what the server has, otherwise in the server. */
const backToOf = ({ sorted }: Known, { hasMore, readBackToMs }: Lives): number | undefined =>
  hasMore ? sorted.at(-1)?.firstAtMs : readBackToMs;

function waitMsAfter({ hasMore, readBackToMs }: Lives, everyMs: number): number {
  if (hasMore) return MORE_MS;
  if (document.hidden) return RETRY_MS;
  return readBackToMs === undefined ? everyMs : READING_MS;
}

/** The server's time, renewed every `everyMs` while `isOn`: moving parts are redrawn at that rate. */
export function useNow(aheadMs: number, everyMs: number, isOn: boolean): number {
  const [now, setNow] = useState(() => Date.now() + aheadMs);
  useEffect(() => {
    if (!isOn) return undefined;
    const timer = setInterval(() => setNow(Date.now() + aheadMs), everyMs);
    return () => clearInterval(timer);
  }, [aheadMs, everyMs, isOn]);
  return now;
}

/** The pause between two requests for a document about all lives, ms. */
const AGAIN_MS = 5000;
/** The same while the server reads its ledger: the figures change fast, but each request slows the reading. */
const AGAIN_READING_MS = 3000;

/** How often to fetch a document about all lives, ms. A change of this value fetches it at once. */
export const againMs = ({ backToMs }: Live): number => (backToMs === undefined ? AGAIN_MS : AGAIN_READING_MS);
