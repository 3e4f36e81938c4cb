import { useEffect, useState } from 'preact/hooks';
import type {
  CampaignCountsView,
  CampaignHead,
  CampaignView,
  HostAnswerView,
  PreparedView,
  TargetKind,
  TargetView,
} from './api.ts';
import { ask, messageOf, post, repeatedly, useFetched } from './fetched.ts';
import { Empty, Panel, Text, Trouble } from './parts.tsx';
import { clock, count, shortDigest, visible, when } from './shown.ts';

const KINDS: readonly (readonly [TargetKind, name: string, hint: string])[] = [
  ['all', 'every node', ''],
  ['host', 'hosts', 'identifiers, hostnames or instance ids'],
  ['where', 'nodes where', 'profile=db,tag:env=prod'],
  ['cluster', 'cluster', 'name of an ECS cluster'],
];
/** Asking more hosts needs a confirmation, as it does in the command. */
const MANY = 20;

interface QuestionProps {
  readonly sql: string;
  readonly onAsked: (id: string) => void;
  /** The component sets it to the action of Ctrl-Enter. */
  readonly run: { current: () => void };
}

/** Chooses the hosts of a query, and asks them. */
export function Question({ sql, onAsked, run }: QuestionProps) {
  const [target, setTarget] = useState<TargetView>({ kind: 'all', text: '' });
  const [prepared, setPrepared] = useState<PreparedView>();
  const [error, setError] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const during = async (work: () => Promise<void>) => {
    setBusy(true);
    setError(undefined);
    await work().catch((cause) => setError(messageOf(cause)));
    setBusy(false);
  };
  const send = async () => {
    setPrepared(undefined);
    const { id } = await post<{ id: string }>('ask', { sql, target });
    onAsked(id);
  };
  const start = () =>
    during(async () => {
      const found = await post<PreparedView>('prepare', { sql, target });
      if (found.hosts > MANY || found.lacking > 0 || found.limitedFrom !== undefined) setPrepared(found);
      else await send();
    });
  run.current = () => void start();
  const hint = KINDS.find(([kind]) => kind === target.kind)?.[2] ?? '';
  return (
    <div class="question">
      <label>
        Ask{' '}
        <select
          aria-label="Which hosts to ask"
          value={target.kind}
          onChange={({ currentTarget }) =>
            setTarget({ kind: KINDS.find(([kind]) => kind === currentTarget.value)?.[0] ?? 'all', text: '' })
          }
        >
          {KINDS.map(([kind, name]) => (
            <option key={kind} value={kind}>
              {name}
            </option>
          ))}
        </select>
      </label>
      {target.kind === 'all' ? null : (
        <input
          aria-label={hint}
          placeholder={hint}
          value={target.text}
          onInput={({ currentTarget }) => setTarget({ ...target, text: currentTarget.value })}
        />
      )}
      <button type="button" class="primary" disabled={isBusy} onClick={start} title="Ctrl-Enter">
        Ask
      </button>
      {prepared ? (
        <Confirmation prepared={prepared} confirm={() => during(send)} cancel={() => setPrepared(undefined)} />
      ) : null}
      <Trouble error={error} />
    </div>
  );
}

interface ConfirmationProps {
  readonly prepared: PreparedView;
  readonly confirm: () => void;
  readonly cancel: () => void;
}

const Confirmation = ({ prepared: { hosts, lacking, away, limitedFrom }, confirm, cancel }: ConfirmationProps) => (
  <p class="confirmation" role="alert">
    {limitedFrom === undefined ? null : `${limitedFrom} hosts are meant, more than the policy lets one query reach. `}
    {lacking > 0 ? `${count(lacking, 'host')} will not be asked: the platform lacks a table of the query. ` : null}
    {away > 0 ? `${count(away, 'host')} of them ${away === 1 ? 'has' : 'have'} not polled for 15 minutes. ` : null}
    <button type="button" class="primary" onClick={confirm}>
      Ask {count(hosts, 'host')}
    </button>
    <button type="button" onClick={cancel}>
      Do not
    </button>
  </p>
);

const SOON_MS = 400;
const LATER_MS = 3000;

interface Followed extends Omit<CampaignView, 'answers'> {
  readonly answers: readonly HostAnswerView[];
  readonly error?: string;
}

/** A campaign with all its answers so far. */
function useCampaign(id: string): Followed {
  const [followed, setFollowed] = useState<Followed>({ isOver: false, answers: [] });
  useEffect(() => {
    let answers: readonly HostAnswerView[] = [];
    return repeatedly(async () => {
      try {
        const news = await ask<CampaignView>(`campaign?id=${id}&since=${answers.length}`);
        answers = [...answers, ...news.answers];
        setFollowed({ ...news, answers });
        return news.isOver ? undefined : SOON_MS;
      } catch (error) {
        setFollowed((before) => ({ ...before, error: messageOf(error) }));
        return LATER_MS;
      }
    });
  }, [id]);
  return followed;
}

/** One campaign: its progress, and its rows as they arrive. */
export function Campaign({ id, chosen }: { id: string; chosen: string }) {
  const { campaign, counts, refused, isOver, answers, error } = useCampaign(id);
  const cancel = (
    <button type="button" class="quiet" onClick={() => void post('cancel', { id })}>
      Cancel
    </button>
  );
  return (
    <Panel title={`Answers to ${id}`} aside={isOver || !campaign ? undefined : cancel}>
      <Trouble error={error ?? refused} />
      {counts ? <Progress counts={counts} isOver={isOver} /> : <Empty>Queuing …</Empty>}
      {campaign ? (
        <p class="aside">
          {visible(campaign.target)}, asked by {visible(campaign.askedBy)} at {clock(campaign.askedAtMs)}; hosts that
          are away may answer until {when(campaign.expiresAtMs)}. In a terminal:{' '}
          <code>npx mayfly query --resume {id + chosen}</code>
        </p>
      ) : null}
      <Answers answers={answers} />
    </Panel>
  );
}

function Progress({ counts, isOver }: { counts: CampaignCountsView; isOver: boolean }) {
  const { asked, answered, failed, silent, away, expired, cancelled, rows } = counts;
  const parts: readonly (readonly [string, number, string])[] = [
    ['answered', answered, 'is-seen'],
    ['with error', failed, 'is-missed'],
    ['silent', silent, 'is-pending'],
    ['away', away, 'is-pending'],
    ['expired', expired, 'is-pending'],
    ['cancelled', cancelled, 'is-pending'],
  ];
  return (
    <div class="progress" role="status">
      <span class="stacked" aria-hidden="true">
        {parts.map(([name, hosts, kind]) => (
          <i key={name} class={kind} style={{ width: `${(hosts / Math.max(1, asked)) * 100}%` }} />
        ))}
      </span>
      <p>
        <b>{count(asked, 'host')} asked</b>
        {parts.flatMap(([name, hosts]) => (hosts > 0 ? [`, ${hosts} ${name}`] : []))}; {count(rows, 'row')}
        {isOver ? '' : ' so far'}
      </p>
    </div>
  );
}

/** The most rows on the page, so that it stays fast; the results have all. */
const SHOWN_ROWS = 1000;

function Answers({ answers }: { answers: readonly HostAnswerView[] }) {
  const rows = answers.flatMap(({ host, rows: its }) => its.map((row) => ({ host, row }))).slice(0, SHOWN_ROWS);
  const columns = [...new Set(rows.flatMap(({ row }) => Object.keys(row)))];
  const all = answers.reduce((sum, { rowsSent }) => sum + rowsSent, 0);
  return (
    <>
      {answers.map(({ host, status, message }) =>
        status === 0 ? null : (
          <p key={host} class="failure">
            <Text mono>{host}</Text> {visible(message) || 'osquery gave no reason'}
          </p>
        ),
      )}
      {rows.length === 0 ? null : (
        <div class="wide">
          <table class="data">
            <thead>
              <tr>
                <th>host</th>
                {columns.map((column) => (
                  <th key={column}>{visible(column)}</th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map(({ host, row }, index) => (
                <tr key={`${host} ${index}`}>
                  <td>
                    <Text mono>{host}</Text>
                  </td>
                  {columns.map((column) => (
                    <td key={column}>
                      <Text mono>{shortDigest(row[column] ?? '')}</Text>
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {all > rows.length && rows.length > 0 ? (
        <Empty>{count(all - rows.length, 'more row')} in the results.</Empty>
      ) : null}
    </>
  );
}

const AGAIN_MS = 5000;

interface CampaignsProps {
  readonly chosen: string | undefined;
  readonly choose: (id: string) => void;
}

/** The latest campaigns of all operators. */
export function Campaigns({ chosen, choose }: CampaignsProps) {
  const { value: campaigns = [], error } = useFetched<CampaignHead[]>('campaigns', AGAIN_MS);
  return (
    <Panel title="Latest queries">
      <Trouble error={error} />
      {campaigns.length === 0 ? <Empty>No query has been asked yet.</Empty> : null}
      <ul class="campaigns">
        {campaigns.map(({ id, sql, target, askedBy, askedAtMs }) => (
          <li key={id}>
            <button type="button" class="link mono" aria-pressed={id === chosen} onClick={() => choose(id)}>
              {id}
            </button>
            <Text mono>{sql}</Text>
            <Text>{target}</Text>
            <Text>{askedBy}</Text>
            <time>{when(askedAtMs)}</time>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
