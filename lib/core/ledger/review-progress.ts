/**
 * Progress of the review, and of the passes that settle spans: name of an age → workloads first received up to this time, epoch ms,
 * were reviewed or settled at that age.
 */
export type Cursors = Readonly<Record<string, number>>;

export interface ReviewProgress {
  /** Empty before the first review. */
  read(): Promise<Cursors>;
  save(cursors: Cursors): Promise<void>;
}
