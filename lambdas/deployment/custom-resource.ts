import * as z from 'zod/mini';

const Request = z.object({
  RequestType: z.enum(['Create', 'Update', 'Delete']),
  ResponseURL: z.url(),
  StackId: z.string(),
  RequestId: z.string(),
  LogicalResourceId: z.string(),
  PhysicalResourceId: z.optional(z.string()),
});

/** A request of CloudFormation to a custom resource. */
export interface CustomResourceRequest {
  readonly type: 'Create' | 'Update' | 'Delete';
  readonly responseUrl: string;
  /** Identifies the request; its result repeats these ids. */
  readonly ids: { readonly StackId: string; readonly RequestId: string; readonly LogicalResourceId: string };
  /** The resource that exists already. */
  readonly physicalId?: string;
}

/** @see AWS CloudFormation User Guide, "Custom resource response objects" */
export type CustomResourceResult = CustomResourceRequest['ids'] & { readonly PhysicalResourceId: string } & (
    | { readonly Status: 'SUCCESS' }
    | { readonly Status: 'FAILED'; readonly Reason: string }
  );

/** @throws if the event is no request of CloudFormation */
export function readRequest(event: unknown): CustomResourceRequest {
  const { RequestType, ResponseURL, PhysicalResourceId, StackId, RequestId, LogicalResourceId } = Request.parse(event);
  return {
    type: RequestType,
    responseUrl: ResponseURL,
    ids: { StackId, RequestId, LogicalResourceId },
    physicalId: PhysicalResourceId,
  };
}

const TIMEOUT_MS = 10_000;

/** @throws if CloudFormation does not accept the result; Lambda then invokes the function again */
export async function respond(url: string, result: CustomResourceResult): Promise<void> {
  // The URL is signed for an empty content type.
  const request = { method: 'PUT', headers: { 'content-type': '' }, body: JSON.stringify(result) };
  const response = await fetch(url, { ...request, signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) throw new Error(`CloudFormation answered ${response.status} to the result of ${result.RequestId}`);
}
