import { AwsError, unknownOperation } from '../protocol/aws-error.ts';
import type { Form, FormValue } from '../protocol/query-form.ts';
import { writeXml, type XmlStyle } from '../protocol/xml.ts';
import { type AwsApi, ask } from './aws-world.ts';
import { AWS_QUERY, type QueryService, refuseOthers, texts } from './query-service.ts';

export const EC2_VERSION = '2016-11-15';

/** EC2's DescribeInstances. Forwards calls to `api`; without one there are no instances. */
export function ec2Service(api: AwsApi = nothingRuns): QueryService {
  return {
    async answer(operation, form, requestId) {
      if (operation !== 'DescribeInstances') throw unknownOperation('ec2', operation);
      const output = await ask(api, operation, describeInstancesInput(form));
      return writeXml(`${operation}Response`, { requestId, ...Object(output) }, EC2_STYLE);
    },
    refusal: ({ code, message }, requestId) => {
      const content = { Errors: { Error: { Code: code, Message: message } }, RequestID: requestId };
      return writeXml('Response', content, AWS_QUERY); // in EC2's XML only errors keep their capitals
    },
  };
}

const nothingRuns: AwsApi = async () => ({ Reservations: [] });

const PARAMETERS = ['InstanceId', 'Filter', 'MaxResults', 'NextToken', 'IncludeManagedResources'];

/** Converts a form to the SDK's input: renames the fields and converts the text values. */
function describeInstancesInput(form: Form): object {
  refuseOthers(form, PARAMETERS);
  const { InstanceId, Filter, MaxResults, NextToken, IncludeManagedResources } = form;
  return {
    InstanceIds: InstanceId === undefined ? undefined : texts(InstanceId, 'InstanceId'),
    Filters: Filter === undefined ? undefined : filters(Filter),
    MaxResults: MaxResults === undefined ? undefined : Number(MaxResults),
    NextToken,
    IncludeManagedResources: IncludeManagedResources === undefined ? undefined : IncludeManagedResources === 'true',
  };
}

function filters(value: FormValue): { Name: unknown; Values: string[] }[] {
  if (!Array.isArray(value)) throw new AwsError('InvalidParameterValue', 'Filter must be a list');
  return value.map(({ Name, Value = '' }) => ({ Name, Values: texts(Value, `the value of the filter ${Name}`) }));
}

/** Members whose XML element is not their name in camel case. @see EC2's Smithy model, the source of the SDK */
const ELEMENTS: Readonly<Record<string, string>> = {
  'DescribeInstancesResponse.Reservations': 'reservationSet',
  'Reservations.Groups': 'groupSet',
  'Reservations.Instances': 'instancesSet',
  'Instances.BlockDeviceMappings': 'blockDeviceMapping',
  'Instances.ElasticGpuAssociations': 'elasticGpuAssociationSet',
  'Instances.ElasticInferenceAcceleratorAssociations': 'elasticInferenceAcceleratorAssociationSet',
  'Instances.Licenses': 'licenseSet',
  'Instances.NetworkInterfaces': 'networkInterfaceSet',
  'Instances.PublicDnsName': 'dnsName',
  'Instances.PublicIpAddress': 'ipAddress',
  'Instances.SecondaryInterfaces': 'secondaryInterfaceSet',
  'Instances.SecurityGroups': 'groupSet',
  'Instances.State': 'instanceState',
  'Instances.StateTransitionReason': 'reason',
  'Instances.Tags': 'tagSet',
  'NetworkInterfaces.Groups': 'groupSet',
  'NetworkInterfaces.Ipv4Prefixes': 'ipv4PrefixSet',
  'NetworkInterfaces.Ipv6Addresses': 'ipv6AddressesSet',
  'NetworkInterfaces.Ipv6Prefixes': 'ipv6PrefixSet',
  'NetworkInterfaces.PrivateIpAddresses': 'privateIpAddressesSet',
  'ProductCodes.ProductCodeId': 'productCode',
  'ProductCodes.ProductCodeType': 'type',
  'SecondaryInterfaces.PrivateIpAddresses': 'privateIpAddressSet',
};

const EC2_STYLE: XmlStyle = {
  item: 'item',
  nameOf: (parent, member) => ELEMENTS[`${parent}.${member}`] ?? `${member.charAt(0).toLowerCase()}${member.slice(1)}`,
};
