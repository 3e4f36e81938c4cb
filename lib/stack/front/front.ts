import type { ServiceFrontProps } from './service-front.ts';

/** What agents connect to; docs/fronts.md says which one to choose. */
export type Front = { readonly kind: 'serverless' } | { readonly kind: 'service'; readonly service: ServiceFrontProps };

export const Front = {
  /** A REST API and a function: agents poll, and nothing runs when nothing polls. */
  serverless: (): Front => ({ kind: 'serverless' }),
  /** Two containers behind a load balancer, which hold the reads of idle hosts and answer when work arrives. */
  service: (service: ServiceFrontProps): Front => ({ kind: 'service', service }),
};
