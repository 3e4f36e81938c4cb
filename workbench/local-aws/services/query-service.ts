import { AwsError, internalFailure } from '../protocol/aws-error.ts';
import { type Form, type FormValue, readForm } from '../protocol/query-form.ts';
import { writeXml, type XmlStyle } from '../protocol/xml.ts';

/** A service with one of AWS's query protocols: requests are forms, responses are XML. */
export interface QueryService {
  /** @returns XML @throws {AwsError} */
  answer(operation: string, form: Form, requestId: string): Promise<string>;
  /** Writes an error as XML in the format of the protocol. */
  refusal(error: AwsError, requestId: string): string;
}

/**
 * Answers a form request.
 *
 * @param services keyed by API version, which every form contains: `Action=DescribeInstances&Version=2016-11-15`
 */
export async function answerForm(
  body: string,
  services: Readonly<Record<string, QueryService>>,
  requestId: string,
): Promise<[status: number, xml: string]> {
  let refusal: QueryService['refusal'] = awsQueryRefusal;
  try {
    const { Action, Version, ...form } = readForm(body);
    const service = Object.hasOwn(services, String(Version)) ? services[String(Version)] : undefined;
    if (!service)
      throw new AwsError('UnknownOperationException', `${Action} of version ${Version} is not implemented locally`);
    refusal = service.refusal;
    return [200, await service.answer(String(Action), form, requestId)];
  } catch (error) {
    const known = error instanceof AwsError ? error : internalFailure(error);
    return [known.status, refusal(known, requestId)];
  }
}

/** List and member names of the AWS query protocol, which every query service except EC2 uses. */
export const AWS_QUERY: XmlStyle = { item: 'member', nameOf: (_, member) => member };

/** @see Smithy, "AWS query protocol", error responses */
export const awsQueryRefusal: QueryService['refusal'] = ({ code, message, status }, requestId) => {
  const error = { Type: status < 500 ? 'Sender' : 'Receiver', Code: code, Message: message };
  return writeXml('ErrorResponse', { Error: error, RequestId: requestId }, AWS_QUERY);
};

/** Reads a list of texts. The protocol writes an empty list as empty text. */
export function texts(value: FormValue, name: string): string[] {
  if (value === '') return [];
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  throw new AwsError('InvalidParameterValue', `${name} must be a list of texts`);
}

/** @throws {AwsError} `UnknownParameter` for a parameter that the operation does not accept */
export function refuseOthers(form: Form, known: readonly string[]): void {
  const other = Object.keys(form).find((name) => !known.includes(name));
  if (other !== undefined) throw new AwsError('UnknownParameter', `The parameter ${other} is not recognized`);
}
